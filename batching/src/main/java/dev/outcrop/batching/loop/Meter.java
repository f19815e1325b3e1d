package dev.outcrop.batching.loop;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.SchedulerCounts;
import dev.outcrop.batching.schedule.StepOutcome;
import dev.outcrop.models.engine.CompiledFacts;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures what the loop does. The engine thread feeds it between two steps and publishes; others
 * read the last publication, which never changes.
 */
final class Meter {
  private static final double MEMORY = 0.02;
  private static final double SECOND = 1e9;

  private final Scheduler scheduler;
  private final BatchingConfig config;
  private final StepWatch watch;
  private final @Nullable CompiledFacts compiled;
  private final LongSupplier nanoClock;
  private final Knee.DecodeTimes decodeTimes;
  private final long firstTokenNanos;
  private final long intervalNanos;
  private final Attainment firstTokens;
  private final Attainment intervals;
  private long steps;
  private double decodeRate;
  private double meanCompletion;
  private volatile Signals published;

  Meter(
      Scheduler scheduler,
      BatchingConfig config,
      StepWatch watch,
      @Nullable CompiledFacts compiled,
      LongSupplier nanoClock) {
    this.compiled = compiled;
    this.scheduler = scheduler;
    this.config = config;
    this.watch = watch;
    this.nanoClock = nanoClock;
    this.decodeTimes = scheduler::decodeNanos;
    this.firstTokenNanos = config.objectives().firstToken().toNanos();
    this.intervalNanos = config.sharing().tokenInterval().toNanos();
    BatchingConfig.Objectives objectives = config.objectives();
    long now = nanoClock.getAsLong();
    this.firstTokens = new Attainment(objectives.budget(), objectives.window(), now);
    this.intervals = new Attainment(objectives.budget(), objectives.window(), now);
    this.published = snapshot();
  }

  /** Engine thread: a step was applied. */
  void stepped() {
    steps++;
    int generating = scheduler.generating();
    double nanos = scheduler.decodeNanos(generating);
    if (nanos > 0) {
      decodeRate = generating / nanos * SECOND;
    }
  }

  /** Engine thread: a request has its first token. */
  void firstToken(RequestStream stream, long now) {
    stream.firstNanos = now;
    firstTokens.count(now - stream.submittedNanos > firstTokenNanos, now);
  }

  /**
   * Engine thread: a request is over.
   *
   * @param end why
   * @param tokens tokens of its completion
   */
  void ended(RequestStream stream, StepOutcome.End end, int tokens, long now) {
    boolean late = now - stream.submittedNanos > firstTokenNanos;
    if (tokens == 0 && (late || end != StepOutcome.End.CANCELLED)) {
      firstTokens.count(true, now);
    }
    if (tokens > 1 && intervalNanos > 0) {
      long mean = (now - stream.firstNanos) / (tokens - 1);
      intervals.count(mean > intervalNanos, now);
    }
    if (end != StepOutcome.End.FAILED) {
      meanCompletion += (meanCompletion == 0 ? 1 : MEMORY) * (tokens - meanCompletion);
    }
  }

  /** Engine thread: shows the state after the last step. */
  void publish() {
    firstTokens.publish();
    intervals.publish();
    published = snapshot();
  }

  private Signals snapshot() {
    SchedulerCounts counts = scheduler.counts();
    return new Signals(
        scheduler.waiting(),
        scheduler.running(),
        scheduler.prompts(),
        counts.promptTokensLeft(),
        scheduler.kv().referenced(),
        scheduler.kv().cached(),
        scheduler.kv().units(),
        scheduler.geometry().unitTokens(),
        steps,
        counts.promptTokensRun(),
        counts.tokensGenerated(),
        watch.progress(),
        new Signals.Reuse(
            counts.cachedTokens(),
            counts.lookedUpTokens() - counts.cachedTokens(),
            counts.preemptions()),
        pace(counts),
        Signals.Burn.NONE,
        new Signals.Drafts(counts.drafted(), counts.accepted()),
        counts.paddingTokens(),
        compiled);
  }

  private Signals.Pace pace(SchedulerCounts counts) {
    double prefill = scheduler.prefillNanos();
    return Demand.of(
        new Demand.Work(
            scheduler.waiting(),
            scheduler.running(),
            counts.promptTokensLeft(),
            (double) scheduler.kv().referenced() / scheduler.kv().units(),
            prefill == 0 ? 0 : SECOND / prefill,
            decodeRate,
            meanCompletion,
            scheduler.running() == 0 ? 0 : scheduler.decodeNanos(scheduler.generating()),
            scheduler.decodeNanos(1),
            Knee.of(decodeTimes, scheduler.maxRunning(), intervalNanos)),
        config);
  }

  /**
   * Any thread: the state after the last step, with what passes by itself as of now.
   *
   * @param lastProgress when the loop last brought something or had nothing to do
   */
  Signals signals(long lastProgress) {
    Signals last = published;
    long now = nanoClock.getAsLong();
    return new Signals(
        last.waiting(),
        last.running(),
        last.waitingPrompts(),
        last.waitingPromptTokens(),
        last.kvUnitsReferenced(),
        last.kvUnitsCached(),
        last.kvUnits(),
        last.kvUnitTokens(),
        last.steps(),
        last.promptTokens(),
        last.completionTokens(),
        lastProgress,
        last.reuse(),
        last.pace(),
        new Signals.Burn(firstTokens.burn(now), intervals.burn(now)),
        last.drafts(),
        last.paddingTokens(),
        compiled);
  }
}
