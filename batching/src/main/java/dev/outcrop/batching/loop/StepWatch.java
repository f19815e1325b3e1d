package dev.outcrop.batching.loop;

import dev.outcrop.batching.Health;
import dev.outcrop.models.engine.StepPlan;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Knows which step is in flight and how long it may be. Written by the engine thread, read by all
 * others without locks: the engine thread cannot tell that it is stuck itself. Of several in flight
 * it looks at the oldest, whose time begins when the one before it is over.
 *
 * <p>A step may take {@value #SLOWER_THAN_EXPECTED} times what it is expected to, and at least
 * {@link #LEAST}. Of a kind of step that never ran nothing is expected; it may take {@code
 * unknown}, or {@value #SLOWER_THAN_EVER} times the longest step so far where that is more.
 */
final class StepWatch {
  static final Duration LEAST = Duration.ofSeconds(5);
  static final int SLOWER_THAN_EXPECTED = 10;
  static final int SLOWER_THAN_EVER = 4;
  private static final Logger LOG = System.getLogger(StepWatch.class.getName());
  private static final Health LIVE = new Health.Live();

  private final String name;
  private final LongSupplier nanoClock;
  private final long unknownNanos;
  private final AtomicLong reported = new AtomicLong(-1);
  private long steps;
  private long longestStep;
  private volatile long progress;
  private final ArrayDeque<InFlight> behind = new ArrayDeque<>(); // the engine thread's
  private volatile @Nullable InFlight inFlight;

  StepWatch(String name, LongSupplier nanoClock, Duration unknown) {
    this.name = name;
    this.nanoClock = nanoClock;
    this.unknownNanos = unknown.toNanos();
    this.progress = nanoClock.getAsLong();
  }

  private record InFlight(
      long number,
      int rows,
      int decodeRows,
      int prefillTokens,
      int kvSegments,
      long begin,
      long expectedNanos,
      long limitNanos) {
    InFlight from(long now) {
      return new InFlight(
          number, rows, decodeRows, prefillTokens, kvSegments, now, expectedNanos, limitNanos);
    }

    Health.Step step() {
      return new Health.Step(
          number,
          rows,
          decodeRows,
          prefillTokens,
          kvSegments,
          Duration.ofNanos(expectedNanos),
          Duration.ofNanos(limitNanos));
    }
  }

  /**
   * Engine thread: a step begins.
   *
   * @param decodeRows rows of the plan that generate
   * @param expected nanoseconds it should take, 0 where not known
   */
  void begins(StepPlan plan, int decodeRows, double expected) {
    long limit =
        expected > 0
            ? Math.max(LEAST.toNanos(), (long) (SLOWER_THAN_EXPECTED * expected))
            : Math.max(unknownNanos, SLOWER_THAN_EVER * longestStep);
    InFlight step =
        new InFlight(
            steps++,
            plan.rows(),
            decodeRows,
            plan.tokens() - plan.drafts() - decodeRows,
            plan.segments(),
            nanoClock.getAsLong(),
            (long) expected,
            limit);
    if (inFlight == null) {
      inFlight = step;
    } else {
      behind.add(step);
    }
  }

  /** Engine thread: the oldest step has a result. */
  void ended() {
    InFlight step = inFlight;
    InFlight next = behind.poll();
    long now = nanoClock.getAsLong();
    progress = now;
    inFlight = next == null ? null : next.from(now);
    if (step != null) {
      longestStep = Math.max(longestStep, now - step.begin);
      if (reported.get() == step.number) {
        LOG.log(
            Level.WARNING,
            "the engine of {0} goes on: step {1} came back after {2} ms",
            name,
            step.number,
            (now - step.begin) / 1_000_000);
      }
    }
  }

  /** Any thread: when the engine last brought something. */
  long progress() {
    return progress;
  }

  /**
   * Any thread: whether the loop moves; the first to find it stuck in a step says so in the log.
   *
   * @param lastProgress when the loop last brought something or had nothing to do
   */
  Health health(LongSupplier lastProgress) {
    InFlight step = inFlight;
    long now = nanoClock.getAsLong();
    if (step == null) {
      long still = now - lastProgress.getAsLong();
      return still > unknownNanos ? new Health.Stalled(Duration.ofNanos(still)) : LIVE;
    }
    if (now - step.begin <= step.limitNanos) {
      return LIVE;
    }
    Health.Stuck stuck = new Health.Stuck(step.step(), Duration.ofNanos(now - step.begin));
    if (reported.getAndSet(step.number) != step.number) {
      LOG.log(Level.ERROR, "the engine of {0} is stuck: {1}", name, stuck);
    }
    return stuck;
  }
}
