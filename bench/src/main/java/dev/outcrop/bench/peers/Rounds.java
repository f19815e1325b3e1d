package dev.outcrop.bench.peers;

import dev.outcrop.bench.peers.Contestant.Entrant;
import dev.outcrop.bench.report.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets contestants take turns: in each round every case is measured by one after the other, never
 * by two at once, and who is first changes with the round.
 */
final class Rounds implements AutoCloseable {
  private final List<Entrant> entrants;
  private final boolean afresh;
  private final Consumer<String> progress;
  private final Map<String, Contestant> open = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> settings = new LinkedHashMap<>();
  private final Map<String, String> missing = new LinkedHashMap<>();
  private final List<Outcome> outcomes = new ArrayList<>();

  /**
   * For some contestants.
   *
   * @param afresh whether each is started anew for each measurement, so that memory has to hold one
   *     of them only
   * @param progress told what was measured
   */
  Rounds(List<Entrant> entrants, boolean afresh, Consumer<String> progress) {
    this.entrants = List.copyOf(entrants);
    this.afresh = afresh;
    this.progress = progress;
  }

  /** Runs the rounds and returns what came of each case and contestant, case by case. */
  List<Outcome> run(List<Case> cases, int rounds) {
    for (Case what : cases) {
      for (Entrant entrant : entrants) {
        outcomes.add(new Outcome(entrant.name(), what));
      }
    }
    for (int round = 0; round < rounds; round++) {
      for (Case what : cases) {
        for (int i = 0; i < entrants.size(); i++) {
          turn(entrants.get((i + round) % entrants.size()), what, round);
        }
      }
    }
    return outcomes;
  }

  /** What each contestant runs with, by name. */
  Map<String, Map<String, String>> settings() {
    return settings;
  }

  /** Why contestants are not there, by name. */
  Map<String, String> missing() {
    return missing;
  }

  private void turn(Entrant entrant, Case what, int round) {
    Outcome outcome = outcome(entrant.name(), what);
    if (missing.containsKey(entrant.name()) || !outcome.absence().isEmpty()) {
      return;
    }
    Contestant contestant = open.get(entrant.name());
    if (contestant == null) {
      contestant = start(entrant);
      if (contestant == null) {
        return;
      }
    }
    String said =
        switch (contestant.measure(what)) {
          case Reply.Measured(double[] millis, int token, Map<String, String> chosen) -> {
            outcome.add(Run.median(millis), token, chosen);
            yield "%.2f ms".formatted(Run.median(millis));
          }
          case Reply.Absent(String reason) -> outcome.absent(reason);
          case Reply.Failed(String reason) -> outcome.absent(reason);
          case Reply.Ready _ -> outcome.absent("its answer has no times");
        };
    progress.accept("round %d, %s, %s: %s".formatted(round + 1, what.name(), entrant.name(), said));
    if (afresh) {
      contestant.close();
      open.remove(entrant.name());
    }
  }

  private @Nullable Contestant start(Entrant entrant) {
    try {
      Contestant contestant = entrant.open();
      if (settings.putIfAbsent(entrant.name(), contestant.settings()) == null) {
        progress.accept(entrant.name() + ": " + contestant.settings());
      }
      open.put(entrant.name(), contestant);
      return contestant;
    } catch (MissingException e) {
      missing.put(entrant.name(), e.reason());
      progress.accept(entrant.name() + " is missing: " + e.reason());
      return null;
    }
  }

  private Outcome outcome(String name, Case what) {
    for (Outcome outcome : outcomes) {
      if (outcome.contestant().equals(name) && outcome.what().equals(what)) {
        return outcome;
      }
    }
    throw new IllegalStateException("no outcome for " + name);
  }

  @Override
  public void close() {
    open.values().forEach(Contestant::close);
    open.clear();
  }
}
