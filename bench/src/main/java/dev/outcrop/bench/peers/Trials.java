package dev.outcrop.bench.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Chooses among the ways to start a peer, for each case the one that is fastest there. Each is
 * tried out briefly for every case; those that come near a case's best are tried out for it again,
 * and for longer. What else the machine does makes times longer, never shorter, so that the least
 * time of a trial counts.
 *
 * @param cases that will be measured
 * @param patience how long one may take to start, and for each answer
 * @param progress told what came of each
 */
record Trials(List<Case> cases, Duration patience, Consumer<String> progress) {
  /** Decode steps of a longer trial. */
  static final int STEPS = 20;

  private static final int BRIEF_STEPS = 3;
  private static final int RUNS = 3; // prefills of a longer trial
  private static final int MOST_CONTEXT = 1_024; // beyond that prompts would take most of the time
  private static final int MOST_AGAIN = 3; // of a case
  private static final double NEAR = 1.25; // over the best brief trial

  /**
   * A way to start a peer.
   *
   * @param name to tell it by
   */
  record Candidate(String name, List<String> command) {}

  /**
   * The way that is taken.
   *
   * @param settings what the peer runs with when it is started so
   */
  record Choice(Candidate candidate, Map<String, String> settings) {}

  /**
   * What came of all trials.
   *
   * @param choices by the names of the cases, in their order
   * @param trials how many it took, in words
   */
  record Found(Map<String, Choice> choices, String trials) {
    /** The way for a case that was tried out. */
    Choice of(Case what) {
      return Objects.requireNonNull(choices.get(what.name()));
    }
  }

  /** A way that starts, with the least times of its trials. */
  private record Tried(Choice choice, Map<Case, Double> brief, Map<Case, Double> longer) {
    double brief(Case what) {
      return brief.getOrDefault(what, Double.POSITIVE_INFINITY);
    }

    double longer(Case what) {
      return longer.getOrDefault(what, brief(what));
    }
  }

  /**
   * The fastest way for each case. What a peer does not do is left to the first way that starts.
   *
   * @param who is started
   */
  Found fastest(String who, List<Candidate> candidates, Path log) throws MissingException {
    List<Tried> tried = new ArrayList<>();
    String reason = "there is no way to start it here";
    for (Candidate candidate : candidates) {
      try {
        tried.add(tried(who, candidate, log));
      } catch (MissingException e) {
        reason = told(who, candidate, e);
      }
    }
    List<Tried> all = List.copyOf(tried);
    int again = 0;
    for (Tried each : all) {
      List<Case> close = cases.stream().filter(what -> near(all, what).contains(each)).toList();
      again += close.size();
      try {
        tryAgain(who, each, close, log);
      } catch (MissingException e) {
        reason = told(who, each.choice.candidate, e);
        tried.remove(each);
      }
    }
    if (tried.isEmpty()) {
      throw new MissingException(reason);
    }
    Map<String, Choice> choices = new LinkedHashMap<>();
    for (Case what : cases) {
      choices.put(what.name(), best(tried, what).choice);
    }
    String trials =
        "%d of each of %d cases, %d longer ones".formatted(candidates.size(), cases.size(), again);
    return new Found(choices, trials);
  }

  private Tried tried(String who, Candidate candidate, Path log) throws MissingException {
    Map<Case, Double> brief = new LinkedHashMap<>();
    try (Child child = Child.start(candidate.command(), Map.of(), log, patience)) {
      for (Case what : cases) {
        millis(child, "probe " + trial(what, BRIEF_STEPS, 1).request(), what, brief);
      }
      progress.accept("tried %s with %s: %s".formatted(who, candidate.name(), text(brief)));
      Choice choice = new Choice(candidate, child.settings());
      return new Tried(choice, brief, new LinkedHashMap<>());
    }
  }

  private void tryAgain(String who, Tried tried, List<Case> close, Path log)
      throws MissingException {
    if (close.isEmpty()) {
      return;
    }
    Candidate candidate = tried.choice.candidate;
    try (Child child = Child.start(candidate.command(), Map.of(), log, patience)) {
      for (Case what : close) {
        millis(child, trial(what, STEPS, RUNS).request(), what, tried.longer);
      }
    }
    progress.accept(
        "tried %s with %s for longer: %s".formatted(who, candidate.name(), text(tried.longer)));
  }

  /** Those that are tried out again for a case; none where the best is far ahead. */
  private static List<Tried> near(List<Tried> tried, Case what) {
    List<Tried> fastestFirst =
        tried.stream()
            .filter(each -> each.brief.containsKey(what))
            .sorted(Comparator.comparingDouble(each -> each.brief(what)))
            .limit(MOST_AGAIN)
            .toList();
    List<Tried> near =
        fastestFirst.stream()
            .filter(each -> each.brief(what) <= NEAR * fastestFirst.getFirst().brief(what))
            .toList();
    return near.size() > 1 ? near : List.of();
  }

  /** By its longer trials where there are some. */
  private static Tried best(List<Tried> tried, Case what) {
    List<Tried> again = tried.stream().filter(each -> each.longer.containsKey(what)).toList();
    return (again.isEmpty() ? tried : again)
        .stream().min(Comparator.comparingDouble(each -> each.longer(what))).orElseThrow();
  }

  private static Case trial(Case what, int steps, int runs) {
    return switch (what) {
      case Case.Decode(int streams, int context, int _) ->
          new Case.Decode(streams, Math.min(context, MOST_CONTEXT), steps);
      case Case.Prefill(int tokens, int _) -> new Case.Prefill(tokens, runs);
    };
  }

  private static void millis(Child child, String request, Case what, Map<Case, Double> millis)
      throws MissingException {
    switch (child.ask(request)) {
      case Reply.Measured measured ->
          millis.put(what, Arrays.stream(measured.millis()).min().orElseThrow());
      case Reply.Absent _ -> {}
      case Reply.Failed(String reason) -> throw new MissingException(reason);
      case Reply.Ready _ -> throw new MissingException("its answer has no times");
    }
  }

  private String told(String who, Candidate candidate, MissingException e) {
    String reason = "%s with %s: %s".formatted(who, candidate.name(), e.reason());
    progress.accept("tried " + reason);
    return reason;
  }

  private static String text(Map<Case, Double> millis) {
    return millis.entrySet().stream()
        .map(
            entry ->
                String.format(Locale.ROOT, "%s %.2f ms", entry.getKey().name(), entry.getValue()))
        .collect(Collectors.joining(", "));
  }
}
