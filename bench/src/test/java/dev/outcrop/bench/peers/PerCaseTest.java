package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.bench.peers.Trials.Candidate;
import dev.outcrop.bench.peers.Trials.Choice;
import dev.outcrop.bench.peers.Trials.Found;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A peer whose cases run in different ways. */
class PerCaseTest {
  private static final Case ONE = new Case.Decode(1, 8, 4);
  private static final Case MANY = new Case.Decode(16, 8, 4);
  private static final Case PROMPT = new Case.Prefill(8, 2);

  private final List<String> events = new ArrayList<>();

  @Test
  void startsAWayWhenACaseFirstNeedsItAndPrintsItBesideTheFigure() {
    List<Outcome> outcomes;
    try (Rounds rounds = new Rounds(List.of(new Scripted()), false, _ -> {})) {
      outcomes = rounds.run(List.of(ONE, MANY, PROMPT), 2);

      assertThat(rounds.settings().get("llama-bf16"))
          .containsExactly(
              Map.entry("backend", "cpu-a.so for decode 1; cpu-b.so for decode 16, prefill 8"),
              Map.entry("threads", "2"),
              Map.entry("trials", "two"));
    }

    assertThat(events)
        .containsExactly(
            "start cpu-a",
            "cpu-a decode 1",
            "start cpu-b",
            "cpu-b decode 16",
            "cpu-b prefill 8",
            "cpu-a decode 1",
            "cpu-b decode 16",
            "cpu-b prefill 8",
            "close cpu-a",
            "close cpu-b");
    Standings standings = new Standings(outcomes, Map.of());
    assertThat(standings.results())
        .extracting(result -> result.get("settings"))
        .containsExactly(
            "backend cpu-a, flashAttention on",
            "backend cpu-b, flashAttention on",
            "backend cpu-b, flashAttention on");
    assertThat(standings.lines().get(1)).endsWith("backend cpu-a, flashAttention on");
  }

  @Test
  void saysWhyAWayDoesNotStart() {
    try (PerCase peer = new PerCase(found("cpu-a", "gone"), this::start)) {
      assertThat(peer.measure(MANY)).isEqualTo(new Reply.Failed("no memory"));
      assertThat(peer.measure(ONE)).isInstanceOf(Reply.Measured.class);
    }
  }

  private Contestant start(Candidate way) throws MissingException {
    if (way.name().equals("gone")) {
      throw new MissingException("no memory");
    }
    events.add("start " + way.name());
    return new Way(way.name());
  }

  private static Found found(String one, String others) {
    Map<String, Choice> choices = new LinkedHashMap<>();
    choices.put(ONE.name(), choice(one));
    choices.put(MANY.name(), choice(others));
    choices.put(PROMPT.name(), choice(others));
    return new Found(choices, "two");
  }

  private static Choice choice(String name) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("backend", name + ".so");
    settings.put("threads", "2");
    return new Choice(new Candidate(name, List.of()), settings);
  }

  private final class Scripted implements Contestant.Entrant {
    @Override
    public String name() {
      return "llama-bf16";
    }

    @Override
    public Contestant open() {
      return new PerCase(found("cpu-a", "cpu-b"), PerCaseTest.this::start);
    }
  }

  private final class Way implements Contestant {
    private final String name;

    private Way(String name) {
      this.name = name;
    }

    @Override
    public Map<String, String> settings() {
      return Map.of();
    }

    @Override
    public Reply measure(Case what) {
      events.add(name + " " + what.name());
      return new Reply.Measured(
          new double[] {3, 1, 2}, Reply.NO_TOKEN, Map.of("flashAttention", "on"));
    }

    @Override
    public void close() {
      events.add("close " + name);
    }
  }
}
