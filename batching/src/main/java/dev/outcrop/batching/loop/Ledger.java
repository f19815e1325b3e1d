package dev.outcrop.batching.loop;

import dev.outcrop.batching.EngineTimes;
import dev.outcrop.batching.RowWork;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.ServiceTime;
import dev.outcrop.models.engine.StepPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Whom the engine's time belongs to. Time is cut at the ends of steps: what passed since the last
 * cut belongs to the rows of the step that ended, by {@link RowWork}, or is idle where there was
 * nothing to run. So no time counts twice with several steps in flight, and none is lost. The
 * engine thread writes, and allocates nothing once it knows the longest step; others read.
 */
final class Ledger {
  private final RowWork work;
  private final LongSupplier nanoClock;
  private ServiceTime[] times = new ServiceTime[64]; // of rows next to each other, of one kind
  private double[] ends = new double[64]; // what they and those before them take
  private long cut;
  private long idleNanos;
  private volatile Idle idle;
  private long shown; // guarded by this: what was said of idle time never shrinks

  /**
   * Idle time as of a moment.
   *
   * @param nanos idle time up to then
   * @param since the moment, from which on it is idle
   * @param now whether it is
   */
  private record Idle(long nanos, long since, boolean now) {}

  /** A ledger that is idle from now on. */
  Ledger(RowWork work, LongSupplier nanoClock) {
    this.work = work;
    this.nanoClock = nanoClock;
    this.cut = nanoClock.getAsLong();
    this.idle = new Idle(0, cut, true);
  }

  /** Engine thread: nobody has anything to run from the last cut on. */
  void idles() {
    if (!idle.now) {
      idle = new Idle(idleNanos, cut, true);
    }
  }

  /** Engine thread: somebody has from now on. */
  void wakes() {
    long now = nanoClock.getAsLong();
    idleNanos += now - cut;
    cut = now;
    idle = new Idle(idleNanos, now, false);
  }

  /** Engine thread: a step has ended and is applied next. */
  void ended(StepPlan plan, Scheduler scheduler, long end) {
    long nanos = end - cut;
    cut = end;
    int rows = plan.rows();
    if (ends.length < rows) {
      ends = Arrays.copyOf(ends, 2 * rows);
      times = Arrays.copyOf(times, 2 * rows);
    }
    int decodes = scheduler.endingDecodeRows();
    double weights = work.weightBytes() / rows;
    double sum = 0;
    int runs = 0;
    int decodeRuns = 0;
    for (int row = 0; row < rows; row++) {
      ServiceTime time = scheduler.endingFlow(row).time();
      if (runs == 0 || times[runs - 1] != time || row == decodes) {
        times[runs++] = time;
      }
      if (row < decodes) {
        decodeRuns = runs;
      }
      int tokens = plan.tokens(row);
      sum += work.part(tokens, plan.position(row) + tokens, weights);
      ends[runs - 1] = sum;
    }
    give(nanos, sum, runs, decodeRuns);
  }

  /** Rounds sums, so that all parts together are the whole. */
  private void give(long nanos, double sum, int runs, int decodeRuns) {
    double each = nanos / sum;
    long given = 0;
    for (int run = 0; run < runs; run++) {
      long upTo = run == runs - 1 ? nanos : Math.round(each * ends[run]);
      if (run < decodeRuns) {
        times[run].generated(upTo - given);
      } else {
        times[run].ranPrompt(upTo - given);
      }
      given = upTo;
    }
  }

  /** Any thread: what the time up to now went to. */
  EngineTimes times(Tenants tenants) {
    long now = nanoClock.getAsLong();
    List<EngineTimes.Used> used = new ArrayList<>();
    tenants
        .named()
        .forEach(
            (name, tenant) -> {
              for (Tier tier : Tier.values()) {
                ServiceTime time = tenant.flow(tier).time();
                long prompt = time.promptNanos();
                long completion = time.completionNanos();
                if (prompt + completion > 0) {
                  used.add(new EngineTimes.Used(name, tier, prompt, completion));
                }
              }
            });
    return new EngineTimes(used, idleNanos(now));
  }

  private synchronized long idleNanos(long now) {
    Idle last = idle;
    long nanos = last.nanos + (last.now ? Math.max(0, now - last.since) : 0);
    shown = Math.max(shown, nanos); // it may have woken between the look at the clock and this one
    return shown;
  }
}
