package dev.outcrop.batching.loop;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Signals.Pace;

/**
 * How many replicas the work that is in needs. A pure function.
 *
 * <p>Take n replicas that share it. Each runs r/n streams in a step of a + b r/n seconds (a is what
 * a step takes with one stream) every I seconds, the token interval, and prompts in what is left of
 * it. So in W seconds, the time to the first token, all of them run prompts for n W (1 - a/I) - W b
 * r/I seconds. Put that equal to the seconds of queue, and
 *
 * <pre>n = (queue / W + (s(r) - a) / I) / (1 - a / I)</pre>
 *
 * <p>where s(r) = a + b r is what a step of the streams that run takes, as measured. The queue is
 * the prompt tokens that wait over the prefill rate, and for each request that finds no row or no
 * KV the time until another one ends: the mean completion over the decode rate. Where even one
 * stream cannot keep the interval, more replicas do not help it; then I is the interval that the
 * scheduler keeps instead, {@value #HEADROOM} a.
 */
final class Demand {
  /** As the scheduler has it: prompts always get a sixth of a step. */
  static final double HEADROOM = 1.2;

  private static final double SECOND = 1e9;

  private Demand() {}

  /**
   * The work that is in, and what is known of the engine.
   *
   * @param waiting requests queued
   * @param running requests with KV
   * @param promptTokens prompt tokens still to run
   * @param kvUse share of the KV that the running requests hold
   * @param prefillRate prompt tokens a second, 0 where not known
   * @param decodeRate tokens generated a second, 0 where not known
   * @param meanCompletion tokens of a completion
   * @param stepNanos what a step of the streams that run takes, 0 where not known
   * @param leastStepNanos what a step of one stream takes, 0 where not known
   * @param knee running requests up to which the interval is kept, 0 where not known
   */
  record Work(
      int waiting,
      int running,
      long promptTokens,
      double kvUse,
      double prefillRate,
      double decodeRate,
      double meanCompletion,
      double stepNanos,
      double leastStepNanos,
      int knee) {}

  static Pace of(Work work, BatchingConfig config) {
    double load = load(work, config);
    boolean any = work.waiting + work.running > 0;
    int most = config.objectives().maxReplicas();
    int desired = any ? (int) Math.clamp(Math.ceil(load), Math.min(1, most), most) : 0;
    return new Pace(work.prefillRate, work.decodeRate, load, desired, work.knee);
  }

  private static double load(Work work, BatchingConfig config) {
    double room =
        work.kvUse == 0
            ? config.maxRunning()
            : Math.min(config.maxRunning(), work.running / work.kvUse);
    double without = Math.max(0, work.waiting + work.running - room);
    double queue =
        over((double) work.promptTokens, work.prefillRate)
            + over(without * work.meanCompletion, work.decodeRate);
    double wait = config.objectives().firstToken().toNanos() / SECOND;
    double one = work.leastStepNanos;
    double interval = Math.max((double) config.sharing().tokenInterval().toNanos(), HEADROOM * one);
    double decodes = over(Math.max(0, work.stepNanos - one), interval);
    return (over(queue, wait) + decodes) / (1 - over(one, interval));
  }

  private static double over(double amount, double rate) {
    return rate == 0 ? 0 : amount / rate;
  }
}
