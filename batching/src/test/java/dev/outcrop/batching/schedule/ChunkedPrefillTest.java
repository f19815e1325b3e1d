package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Long prompts beside streams (Sarathi-Serve, OSDI 2024), on a fake engine that takes the time of
 * an H100 with an 8 B model in bfloat16: 3.35 TB/s, half of 990 Tflop/s, 128 KiB of KV a token.
 */
class ChunkedPrefillTest {
  private static final int STREAMS = 64;
  private static final int PROMPT = 8_192;
  private static final double FLOPS = 495e12;
  private static final double NANOS_PER_TOKEN = 16e9 / FLOPS * 1e9;
  private static final Roofline H100 = Roofline.dense(8_000_000_000L, 2, 3.35e12, FLOPS, 300_000);

  private long now;
  private final Random random = new Random(5);
  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private final Flow flow = TestSequences.flow(0, Tier.DEFAULT);
  private final KvGeometry geometry = new KvGeometry(32, 16_000, 131_072, 16_384);
  private final Scheduler scheduler =
      new Scheduler(geometry, new Limits(STREAMS + 8, 0, 8_192, 0, 0.02, 1));
  private final FakeEngine engine =
      new FakeEngine(
          geometry,
          H100,
          (history, prompt, length) -> 1,
          FakeEngine.StepFault.NONE,
          nanos -> now += nanos);
  private final Map<Sequence, Long> lastToken = new HashMap<>();
  private final List<Double> stretch = new ArrayList<>();
  private double decodeAlone;

  @Test
  void keepsStreamsSmoothAndPromptsQuick() {
    for (int i = 0; i < STREAMS; i++) {
      scheduler.add(sequence(512, 6_000));
    }
    steps(400);
    stretch.clear();
    List<Double> firstTokens = new ArrayList<>();
    for (int prompt = 0; prompt < 40; prompt++) {
      Sequence sequence = sequence(PROMPT, 2);
      long arrived = now;
      scheduler.add(sequence);
      while (!lastToken.containsKey(sequence)) {
        steps(1);
      }
      double leftover = 1 - STREAMS * NANOS_PER_TOKEN / (StepBudget.HEADROOM * decodeAlone);
      double ideal = PROMPT * NANOS_PER_TOKEN / leftover;
      firstTokens.add((lastToken.get(sequence) - arrived) / ideal);
      steps(random.nextInt(20));
    }
    double interval = percentile(stretch, 0.99);
    double firstToken = percentile(firstTokens, 0.95);
    System.out.printf(
        "p99 between tokens %.2fx of decodes alone, p95 first token %.2fx of ideal%n",
        interval, firstToken);

    assertThat(interval).isLessThanOrEqualTo(1.3);
    assertThat(firstToken).isLessThanOrEqualTo(1.5);
  }

  private Sequence sequence(int prompt, int maxTokens) {
    int[] ids = random.ints(prompt, 0, 100_000).toArray();
    return TestSequences.of(flow, ids, maxTokens, new int[0], 32);
  }

  private void steps(int count) {
    for (int i = 0; i < count; i++) {
      scheduler.plan(plan);
      decodeAlone = decodeAlone();
      long begin = now;
      StepResult.Sampled result = (StepResult.Sampled) engine.submit(plan).await();
      scheduler.apply(result, now - begin, outcome);
      for (int entry = 0; entry < outcome.entries(); entry++) {
        Long before = lastToken.put(outcome.sequence(entry), now);
        if (before != null) {
          stretch.add((now - before) / decodeAlone);
        }
      }
    }
  }

  /** What the step would take without prompt tokens. */
  private double decodeAlone() {
    long kvTokens = 0;
    int decodes = 0;
    for (int row = 0; row < plan.rows(); row++) {
      if (plan.tokens(row) == 1) {
        decodes++;
        kvTokens += plan.position(row) + 1;
      }
    }
    return H100.stepNanos(decodes, kvTokens * geometry.bytesPerToken());
  }

  private static double percentile(List<Double> values, double share) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get((int) Math.min(sorted.size() - 1, share * sorted.size()));
  }
}
