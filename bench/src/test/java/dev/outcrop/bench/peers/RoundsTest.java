package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who is measured when, and what becomes of those who are not there or break. */
class RoundsTest {
  private static final Case ONE = new Case.Decode(1, 8, 4);
  private static final Case MANY = new Case.Decode(16, 8, 4);

  private final List<String> events = new ArrayList<>();

  @Test
  void letsEachTakeItsTurnAndAnotherOneBeginEachRound() {
    try (Rounds rounds = rounds(false, "a", "b", "c")) {
      rounds.run(List.of(ONE, MANY), 3);
    }

    assertThat(events)
        .containsExactly(
            "open a",
            "a decode 1",
            "open b",
            "b decode 1",
            "open c",
            "c decode 1",
            "a decode 16",
            "b decode 16",
            "c decode 16",
            "b decode 1",
            "c decode 1",
            "a decode 1",
            "b decode 16",
            "c decode 16",
            "a decode 16",
            "c decode 1",
            "a decode 1",
            "b decode 1",
            "c decode 16",
            "a decode 16",
            "b decode 16",
            "close a",
            "close b",
            "close c");
  }

  @Test
  void holdsOneAtATimeWhereEachStartsAfresh() {
    try (Rounds rounds = rounds(true, "a", "b")) {
      rounds.run(List.of(ONE), 2);
    }

    assertThat(events)
        .containsExactly(
            "open a",
            "a decode 1",
            "close a",
            "open b",
            "b decode 1",
            "close b",
            "open b",
            "b decode 1",
            "close b",
            "open a",
            "a decode 1",
            "close a");
  }

  @Test
  void runsTheOthersWhereOneIsMissing() {
    List<Outcome> outcomes;
    try (Rounds rounds = rounds(false, "a", "missing", "b")) {
      outcomes = rounds.run(List.of(ONE, MANY), 2);

      assertThat(rounds.missing()).isEqualTo(Map.of("missing", "npm is not installed"));
      assertThat(rounds.settings()).containsOnlyKeys("a", "b");
    }

    assertThat(events).filteredOn(event -> event.equals("open missing")).hasSize(1);
    assertThat(outcomes).filteredOn(Outcome::measured).hasSize(4);
  }

  @Test
  void doesNotAskAgainForWhatIsNotDoneButForTheRest() {
    List<Outcome> outcomes;
    try (Rounds rounds = rounds(false, "single")) {
      outcomes = rounds.run(List.of(ONE, MANY), 2);
    }

    assertThat(events)
        .containsExactly(
            "open single",
            "single decode 1",
            "single decode 16",
            "single decode 1",
            "close single");
    assertThat(outcomes.get(0).rounds()).hasSize(2);
    assertThat(outcomes.get(1).absence()).isEqualTo("one at a time");
  }

  @Test
  void takesTheMedianOfTheRoundsMedians() {
    Outcome outcome = new Outcome("a", MANY);
    outcome.add(20, 5, Map.of());
    outcome.add(90, 5, Map.of());
    outcome.add(10, 5, Map.of());

    assertThat(outcome.millis()).isEqualTo(20);
    assertThat(outcome.tokensPerSecond()).isEqualTo(800);
    assertThat(outcome.rounds()).containsExactly(20, 90, 10);
  }

  private Rounds rounds(boolean afresh, String... names) {
    List<Contestant.Entrant> entrants = new ArrayList<>();
    for (String name : names) {
      entrants.add(new Scripted(name));
    }
    return new Rounds(entrants, afresh, _ -> {});
  }

  private final class Scripted implements Contestant.Entrant, Contestant {
    private final String name;

    private Scripted(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Contestant open() throws MissingException {
      events.add("open " + name);
      if (name.equals("missing")) {
        throw new MissingException("npm is not installed");
      }
      return this;
    }

    @Override
    public Map<String, String> settings() {
      return Map.of("threads", "2");
    }

    @Override
    public Reply measure(Case what) {
      events.add(name + " " + what.name());
      return name.equals("single") && what.tokens() > 1
          ? new Reply.Absent("one at a time")
          : new Reply.Measured(new double[] {3, 1, 2}, Reply.NO_TOKEN, Map.of());
    }

    @Override
    public void close() {
      events.add("close " + name);
    }
  }
}
