package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Holds plan and apply to their bound on allocation: none, but for a sequence's token array. */
class SchedulerAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int RUNNING = 64;

  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private final StepResult.Sampled result =
      new StepResult.Sampled(
          new int[RUNNING], new float[RUNNING], new int[RUNNING][], new float[RUNNING][]);

  @Test
  void decodesWithoutAllocation() {
    Scheduler scheduler = new Scheduler(new KvGeometry(32, 20_000, 1, 100_000), RUNNING, 512);
    for (int i = 0; i < RUNNING; i++) {
      scheduler.add(sequence(100, 9_000));
    }
    steps(scheduler, 1_000);

    long bytes = allocatedBy(scheduler, 5_000);

    assertThat(scheduler.running()).isEqualTo(RUNNING);
    assertThat(bytes).isZero();
  }

  @Test
  void allocatesOnlyTheTokenArrayOfASequenceThatStarts() {
    Scheduler scheduler = new Scheduler(new KvGeometry(32, 20_000, 1, 100_000), RUNNING, 512);
    int warm = 2_000;
    int measured = 2_000;
    for (int i = 0; i < warm + measured; i++) {
      scheduler.add(sequence(40 + i % 50, 10 + i % 7));
    }
    while (scheduler.waiting() > measured) {
      steps(scheduler, 1);
    }
    int startedBefore = scheduler.waiting();

    long bytes = allocatedBy(scheduler, 400);

    int started = startedBefore - scheduler.waiting();
    long largestArray = 4L * (89 + 16) + 24;
    assertThat(started).isGreaterThan(1_000);
    assertThat(bytes).isPositive().isLessThanOrEqualTo(started * largestArray);
  }

  private long allocatedBy(Scheduler scheduler, int steps) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    steps(scheduler, steps);
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  private void steps(Scheduler scheduler, int count) {
    for (int i = 0; i < count; i++) {
      scheduler.plan(plan);
      for (int row = 0; row < plan.rows(); row++) {
        result.tokens()[row] = plan.sampling(row) == null ? StepResult.NO_TOKEN : i % 100;
      }
      scheduler.apply(result, outcome);
    }
  }

  private static Sequence sequence(int prompt, int maxTokens) {
    int[] ids = new int[prompt];
    Arrays.fill(ids, 5);
    return new Sequence(ids, maxTokens, Sampling.GREEDY, new int[] {1_000});
  }
}
