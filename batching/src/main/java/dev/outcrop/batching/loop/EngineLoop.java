package dev.outcrop.batching.loop;

import dev.outcrop.batching.BatchingError;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenEvent.FinishReason;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.batching.schedule.StepOutcome;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.StepResult;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The body of the engine thread, which alone touches the scheduler and the engine: commands, plan,
 * submit, await, apply, publish. Waits when there is nothing to run. An engine in stages has as
 * many steps in flight: before the first of them is awaited, the others are planned and submitted.
 *
 * <p>Signals are published before the events of the same step, so whoever has read the end of a
 * request finds it gone from them.
 */
final class EngineLoop implements Runnable {
  private static final Logger LOG = System.getLogger(EngineLoop.class.getName());

  private final Engine engine;
  private final Scheduler scheduler;
  private final Intake intake;
  private final DrainRate drainRate;
  private final Meter meter;
  private final Ledger ledger;
  private final LongSupplier nanoClock;
  private final StepRuns runs;
  private final StepOutcome outcome = new StepOutcome();
  private final OpenStreams streams = new OpenStreams();
  private final List<Sequence> cancelled = new ArrayList<>();
  private ArrayDeque<Command> taken = new ArrayDeque<>();
  private long lastEnd;

  EngineLoop(
      Engine engine,
      Scheduler scheduler,
      Intake intake,
      DrainRate drainRate,
      StepWatch watch,
      Meter meter,
      Ledger ledger,
      LongSupplier nanoClock) {
    this.engine = engine;
    this.scheduler = scheduler;
    this.intake = intake;
    this.drainRate = drainRate;
    this.meter = meter;
    this.ledger = ledger;
    this.nanoClock = nanoClock;
    this.lastEnd = nanoClock.getAsLong();
    this.runs = new StepRuns(engine, scheduler.steps(), watch, scheduler::wants);
  }

  /** Any thread while nothing is in: what the loop drives. */
  Scheduler scheduler() {
    return scheduler;
  }

  /** Any thread while nothing is in: streams that wait for their end. */
  int openStreams() {
    return streams.size();
  }

  @Override
  public void run() {
    OutcropException fault = null;
    try {
      serve();
    } catch (OutcropException error) {
      fault = error.code() == ModelError.ENGINE_DEAD ? error : dead(error);
    } catch (Throwable error) {
      fault = dead(error);
    }
    end(fault);
  }

  private void serve() {
    while (true) {
      boolean idle = scheduler.idle();
      if (idle) {
        ledger.idles();
      }
      taken = intake.take(taken, idle);
      if (idle) {
        ledger.wakes();
      }
      boolean any = !taken.isEmpty();
      boolean stop = false;
      for (Command command = taken.poll(); command != null; command = taken.poll()) {
        switch (command) {
          case Command.Submit submit -> accept(submit);
          case Command.Cancel(var sequence) -> cancel(sequence);
          case Command.Stop _ -> stop = true;
        }
      }
      if (stop) {
        return;
      }
      if (any) {
        publishCancelled();
      }
      if (!scheduler.idle()) {
        while (runs.mayBegin() && begin()) {}
        end(runs.end());
      }
    }
  }

  private void accept(Command.Submit submit) {
    Sequence sequence = submit.sequence();
    RequestStream stream = submit.stream();
    try {
      sequence.flow().weight(submit.weight());
      streams.add(sequence, stream);
      scheduler.add(sequence);
    } catch (RuntimeException error) {
      streams.remove(sequence);
      stream.end(new TokenEvent.Failed(failed(error)));
    }
  }

  private void cancel(Sequence sequence) {
    if (scheduler.cancel(sequence)) {
      cancelled.add(sequence);
    }
  }

  private void publishCancelled() {
    long now = nanoClock.getAsLong();
    for (Sequence sequence : cancelled) {
      RequestStream stream = streams.of(sequence);
      if (stream != null) {
        meter.ended(stream, StepOutcome.End.CANCELLED, sequence.completionTokens(), now);
      }
    }
    publishSignals();
    for (Sequence sequence : cancelled) {
      streams.finish(sequence, FinishReason.CANCELLED);
    }
    cancelled.clear();
  }

  /** Plans a step and submits it; answers whether there was anything to run. */
  private boolean begin() {
    StepRuns.Run run = runs.next();
    run.queued = scheduler.waiting() > 0;
    run.begin = nanoClock.getAsLong();
    scheduler.plan(run.plan, run.begin);
    intake.holds(scheduler.waiting(), scheduler.counts().queuedTokens(), scheduler.running());
    if (run.plan.rows() == 0) { // all of it is in steps in flight
      return false;
    }
    runs.begin(scheduler.decodeRows(), scheduler.expectedNanos());
    return true;
  }

  private void end(StepRuns.Run run) {
    long promptTokensBefore = scheduler.counts().promptTokensRun();
    long end = nanoClock.getAsLong();
    ledger.ended(run.plan, scheduler, end);
    scheduler.apply(run.sampled(), end - run.begin, outcome);
    measure(end);
    if (run.queued) {
      long alone = Math.min(end - run.begin, end - lastEnd); // steps in flight share the time
      drainRate.step(scheduler.counts().promptTokensRun() - promptTokensBefore, alone);
    }
    lastEnd = end;
    publishSignals();
    for (int entry = 0; entry < outcome.entries(); entry++) {
      publish(entry, run, end);
    }
  }

  /** Before anybody hears of the step: whoever has read an end finds it in the signals. */
  private void measure(long now) {
    meter.stepped();
    for (int entry = 0; entry < outcome.entries(); entry++) {
      Sequence sequence = outcome.sequence(entry);
      StepOutcome.End end = outcome.end(entry);
      boolean first = outcome.gotToken(entry) && sequence.completionTokens() == 1;
      RequestStream stream = first || end != null ? streams.of(sequence) : null;
      if (stream != null && first) {
        meter.firstToken(stream, now);
      }
      if (stream != null && end != null) {
        meter.ended(stream, end, sequence.completionTokens(), now);
      }
    }
  }

  /** What goes wrong for one sequence here ends that one only. */
  private void publish(int entry, StepRuns.Run run, long now) {
    Sequence sequence = outcome.sequence(entry);
    RequestStream stream = streams.of(sequence);
    if (stream == null) {
      return;
    }
    try {
      if (outcome.gotToken(entry)) {
        stream.came(now);
      }
      int result = outcome.result(entry);
      int token = outcome.token(entry);
      if (token != StepOutcome.NO_TOKEN) {
        StepResult.Sampled sampled = run.sampled();
        stream.publish(
            new TokenEvent.Token(
                token,
                sampled.logprobs()[result],
                sampled.topTokens()[result],
                sampled.topLogprobs()[result],
                now));
      }
      switch (outcome.end(entry)) {
        case null -> {}
        case STOP -> streams.finish(sequence, FinishReason.STOP);
        case LENGTH -> streams.finish(sequence, FinishReason.LENGTH);
        case CANCELLED -> streams.finish(sequence, FinishReason.CANCELLED);
        case FAILED -> {
          OutcropException error = run.error(result);
          streams.fail(sequence, error != null ? error : noToken());
        }
      }
    } catch (RuntimeException error) {
      scheduler.cancel(sequence);
      publishSignals();
      streams.fail(sequence, failed(error));
    }
  }

  /** Ends the loop: nobody is left waiting, and the engine is closed on its own thread. */
  private void end(@Nullable OutcropException fault) {
    if (fault != null) {
      LOG.log(Level.ERROR, "the engine loop ends", fault);
    }
    List<Command> rest = intake.shut(fault);
    ledger.idles();
    try {
      scheduler.clear();
      publishSignals();
    } catch (RuntimeException | Error error) { // the readers must hear of the end all the same
      LOG.log(Level.ERROR, "the scheduler did not end", error);
    }
    TokenEvent end = fault != null ? new TokenEvent.Failed(dead(fault)) : closed();
    streams.endUnheard(taken, end);
    streams.endUnheard(rest, end);
    streams.endAll(end);
    cancelled.clear();
    runs.drop();
    try {
      engine.close();
    } catch (RuntimeException error) {
      LOG.log(Level.ERROR, "the engine did not close", error);
    }
  }

  private void publishSignals() {
    intake.holds(scheduler.waiting(), scheduler.counts().queuedTokens(), scheduler.running());
    meter.publish();
  }

  private static OutcropException noToken() {
    return new OutcropException(
        BatchingError.SEQUENCE_FAILED, "the engine had no token for the sequence");
  }

  private static OutcropException failed(Throwable cause) {
    return new OutcropException(
        BatchingError.SEQUENCE_FAILED, "the sequence could not be handled", cause);
  }

  static TokenEvent closed() {
    return new TokenEvent.Failed(
        new OutcropException(BatchingError.BATCHER_CLOSED, "the server is shutting down"));
  }

  private static OutcropException dead(Throwable cause) {
    return new OutcropException(ModelError.ENGINE_DEAD, "the engine cannot go on", cause);
  }
}
