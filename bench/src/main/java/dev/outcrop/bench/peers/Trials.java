package dev.outcrop.bench.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Chooses among the ways to start a peer by trying them out, one after the other.
 *
 * @param cases what to compare them by; what a peer does not do is left out
 * @param patience how long one may take to start, and for each answer
 * @param progress told what came of each
 */
record Trials(List<Case> cases, Duration patience, Consumer<String> progress) {

  /**
   * A way to start a peer.
   *
   * @param name to tell it by
   */
  record Candidate(String name, List<String> command) {}

  /**
   * The command that is fastest, by the geometric mean of each case's least time: what else the
   * machine does makes times longer, never shorter.
   */
  List<String> fastest(List<Candidate> candidates, Path log) throws MissingException {
    List<String> fastest = List.of();
    double least = Double.POSITIVE_INFINITY;
    String reason = "there is no way to start it here";
    for (Candidate candidate : candidates) {
      double[] millis;
      try {
        millis = millis(candidate.command(), log);
      } catch (MissingException e) {
        reason = candidate.name() + ": " + e.reason();
        progress.accept("tried " + reason);
        continue;
      }
      progress.accept(
          Arrays.stream(millis)
              .mapToObj(each -> String.format(Locale.ROOT, "%.2f", each))
              .collect(Collectors.joining(", ", "tried " + candidate.name() + ": ", " ms")));
      double product = Arrays.stream(millis).map(Math::log).sum();
      if (product < least) {
        least = product;
        fastest = candidate.command();
      }
    }
    if (fastest.isEmpty()) {
      throw new MissingException(reason);
    }
    return fastest;
  }

  private double[] millis(List<String> command, Path log) throws MissingException {
    double[] millis = new double[cases.size()];
    Arrays.fill(millis, 1);
    try (Child child = Child.start(command, Map.of(), log, patience)) {
      for (int i = 0; i < millis.length; i++) {
        switch (child.measure(cases.get(i))) {
          case Reply.Measured measured ->
              millis[i] = Arrays.stream(measured.millis()).min().orElseThrow();
          case Reply.Absent _ -> {}
          case Reply.Failed(String reason) -> throw new MissingException(reason);
          case Reply.Ready _ -> throw new MissingException("its answer has no times");
        }
      }
    }
    return millis;
  }
}
