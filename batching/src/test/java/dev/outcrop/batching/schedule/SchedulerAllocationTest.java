package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Holds plan and apply to their bound on allocation: none. */
class SchedulerAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int RUNNING = 64;
  private static final int RESULTS = 128;
  private final Flow flow = TestSequences.flow(0, Tier.DEFAULT);

  private int next;
  private final StepPlan plan = new StepPlan();
  private final StepPlan[] plans = {new StepPlan(), new StepPlan(), new StepPlan()};
  private int planned;
  private int applied;
  private final StepOutcome outcome = new StepOutcome();
  private final StepResult.Sampled result =
      new StepResult.Sampled(
          new int[RESULTS], new float[RESULTS], new int[RESULTS][], new float[RESULTS][]);

  @Test
  void decodesWithoutAllocation() {
    Scheduler scheduler =
        new Scheduler(new KvGeometry(32, 20_000, 1, 100_000), Limits.of(RUNNING, 512));
    for (int i = 0; i < 2 * RUNNING; i++) { // the first half leaves its arrays to the second
      scheduler.add(sequence(100, 9_000));
    }
    while (scheduler.waiting() > 0) {
      steps(scheduler, 1);
    }
    steps(scheduler, 1_000);

    long bytes = allocatedBy(scheduler, 5_000);

    assertThat(scheduler.running()).isEqualTo(RUNNING);
    assertThat(bytes).isZero();
  }

  @Test
  void startsSharesAndEvictsWithoutAllocation() {
    Scheduler scheduler =
        new Scheduler(new KvGeometry(32, 900, 1, 100_000), Limits.of(RUNNING, 2_048));
    int warm = 8_000;
    int measured = 2_000;
    for (int i = 0; i < warm + measured; i++) {
      scheduler.add(sequence(260 + i % 150, 10 + i % 70));
    }
    while (scheduler.waiting() > measured) {
      steps(scheduler, 1);
    }
    int before = scheduler.waiting();
    long evicted = scheduler.kv().evicted();

    long bytes = allocatedBy(scheduler, 400);

    assertThat(before - scheduler.waiting()).isGreaterThan(400);
    assertThat(scheduler.kv().evicted()).isGreaterThan(evicted);
    assertThat(bytes).isZero();
  }

  @Test
  void hasSeveralStepsInFlightWithoutAllocation() {
    Scheduler scheduler =
        new Scheduler(new KvGeometry(32, 900, 1, 100_000), Limits.of(RUNNING, 2_048), 3);
    int warm = 8_000;
    int measured = 2_000;
    for (int i = 0; i < warm + measured; i++) {
      scheduler.add(sequence(260 + i % 150, 10 + i % 70));
    }
    while (scheduler.waiting() > measured) {
      stepsInFlight(scheduler, 1);
    }
    int before = scheduler.waiting();

    long begin = THREADS.getCurrentThreadAllocatedBytes();
    stepsInFlight(scheduler, 1_000);
    long bytes = THREADS.getCurrentThreadAllocatedBytes() - begin;

    assertThat(before - scheduler.waiting()).isGreaterThan(400);
    assertThat(bytes).isZero();
  }

  private void stepsInFlight(Scheduler scheduler, int count) {
    for (int i = 0; i < count; i++) {
      while (planned - applied < plans.length) {
        StepPlan next = plans[planned % plans.length];
        scheduler.plan(next);
        if (next.rows() == 0) {
          break;
        }
        planned++;
      }
      choose(plans[applied++ % plans.length]);
      scheduler.apply(result, 1, outcome);
    }
  }

  @Test
  void draftsWithoutAllocation() {
    int running = 8;
    Scheduler scheduler =
        new Scheduler(new KvGeometry(32, 400, 1, 100_000), Limits.of(running, 512).drafting(16));
    Sequence[] come = new Sequence[600];
    Arrays.setAll(come, i -> sequence(100, 250));
    draftAll(scheduler, come, 0, 300);
    long accepted = scheduler.counts().accepted();

    long before = THREADS.getCurrentThreadAllocatedBytes();
    draftAll(scheduler, come, 300, 600);
    long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;

    assertThat(scheduler.counts().accepted() - accepted).isGreaterThan(20_000);
    assertThat(bytes).isZero();
  }

  /** Whoever comes finds nobody waiting: else nothing is drafted. */
  private void draftAll(Scheduler scheduler, Sequence[] come, int from, int to) {
    int at = from;
    while (at < to || !scheduler.idle()) {
      if (at < to && scheduler.running() < 8) {
        scheduler.add(come[at++]);
      }
      steps(scheduler, 1);
    }
  }

  private long allocatedBy(Scheduler scheduler, int steps) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    steps(scheduler, steps);
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  private void steps(Scheduler scheduler, int count) {
    for (int i = 0; i < count; i++) {
      scheduler.plan(plan);
      choose(plan);
      scheduler.apply(result, 1, outcome);
    }
  }

  private void choose(StepPlan of) {
    for (int row = 0; row < of.rows(); row++) {
      for (int draft = 0; draft <= of.drafts(row); draft++) {
        int position = of.position(row) + of.tokens(row) - of.drafts(row) + draft;
        result.tokens()[of.firstResult(row) + draft] =
            of.sampling(row) == null ? StepResult.NO_TOKEN : position % 20;
      }
    }
  }

  private Sequence sequence(int prompt, int maxTokens) {
    int[] ids = new int[prompt];
    Arrays.fill(ids, 5);
    ids[prompt / 2] = next++;
    return TestSequences.of(flow, ids, maxTokens, new int[] {1_000}, 32);
  }
}
