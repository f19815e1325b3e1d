package dev.outcrop.bench.grammar;

import dev.outcrop.models.engine.TokenConstraint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How long the engine thread takes to find the tokens of a step's rows. A mask is cold where it was
 * not handed out before: the grammar keeps one for each state, and makes it when it is first asked.
 */
final class MaskTimes {
  private final int batch;
  private final List<Double> steps = new ArrayList<>();
  private final List<Double> cold = new ArrayList<>();
  private final List<Double> warm = new ArrayList<>();
  private Set<TokenConstraint.Mask> seen = Set.of();
  private int calls;
  private double stepMicros;

  MaskTimes(int batch) {
    this.batch = batch;
  }

  /** Begins a run of sequences with a new grammar, whose masks are all cold. */
  void begin() {
    seen = Collections.newSetFromMap(new IdentityHashMap<>());
    calls = 0;
    stepMicros = 0;
  }

  /** The constraint of one row, timed. */
  TokenConstraint of(TokenConstraint constraint) {
    return (history, promptTokens, length) -> {
      long start = System.nanoTime();
      TokenConstraint.Mask mask = constraint.mask(history, promptTokens, length);
      add((System.nanoTime() - start) / 1e3, seen.add(mask));
      return mask;
    };
  }

  private void add(double micros, boolean first) {
    (first ? cold : warm).add(micros);
    stepMicros += micros;
    if (++calls % batch == 0) {
      steps.add(stepMicros);
      stepMicros = 0;
    }
  }

  /** Puts the figures down. */
  void describe(Map<String, Number> result) {
    double[] sorted = steps.stream().mapToDouble(micros -> micros).sorted().toArray();
    result.put("maskMicrosPerStep", mean(steps));
    result.put("maskMicrosPerStepP99", sorted[(int) Math.ceil(0.99 * sorted.length) - 1]);
    result.put("maskMicrosPerStepMax", sorted[sorted.length - 1]);
    result.put("maskMicrosPerRow", Arrays.stream(sorted).sum() / (cold.size() + warm.size()));
    result.put("coldMasks", cold.size());
    result.put("coldMaskMicros", mean(cold));
    result.put("warmMasks", warm.size());
    result.put("warmMaskMicros", mean(warm));
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(micros -> micros).average().orElse(0);
  }
}
