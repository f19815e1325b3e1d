package dev.outcrop.batching.loop;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Has an engine run steps, several in flight where it has stages, with results in the order of the
 * plans. A step that fails is run again row by row, and so are those that were in flight behind it,
 * which may have read what it did not write; until then no other begins. Used by the engine thread.
 */
final class StepRuns {
  private static final Logger LOG = System.getLogger(StepRuns.class.getName());

  private static final int RERUNS_PER_LOG = 100;
  private static final @Nullable OutcropException[] NO_ERRORS = {};

  private final Engine engine;
  private final StepWatch watch;
  private final Isolation isolation;
  private final Run[] runs;
  private int first;
  private int count;
  private int again; // how many of the first ones have to run again
  private double expectedAlone;
  private long reruns;

  /**
   * None in flight.
   *
   * @param most steps in flight at most
   * @param wanted whether anybody wants what comes of a row of the step that ends next
   */
  StepRuns(Engine engine, int most, StepWatch watch, IntPredicate wanted) {
    this.engine = engine;
    this.watch = watch;
    this.isolation = new Isolation(this::runAlone, wanted);
    this.runs = new Run[most];
    for (int i = 0; i < most; i++) {
      runs[i] = new Run();
    }
  }

  /** One step, from its plan to what came of it; used again for another. */
  static final class Run {
    final StepPlan plan = new StepPlan();

    /** When its planning began, and whether anything was queued then. */
    long begin;

    boolean queued;
    private double expected;
    private Engine.@Nullable Pending pending;
    private StepResult.@Nullable Sampled sampled;
    private @Nullable OutcropException[] errors = NO_ERRORS;

    /** What came of it. */
    StepResult.Sampled sampled() {
      if (sampled == null) {
        throw new IllegalStateException("the step is not over");
      }
      return sampled;
    }

    /** Why a result has no token, or null where the engine did not say. */
    @Nullable OutcropException error(int result) {
      return result < errors.length ? errors[result] : null;
    }

    private void came(StepResult.Sampled result, @Nullable OutcropException[] why) {
      sampled = result;
      errors = why;
    }
  }

  /** Whether another step may begin. */
  boolean mayBegin() {
    return count < runs.length && again == 0;
  }

  /** The step to begin next, for its plan to be written. */
  Run next() {
    return run(count);
  }

  private Run run(int index) {
    return runs[(first + index) % runs.length];
  }

  /**
   * The {@link #next} step begins.
   *
   * @param decodeRows rows of its plan that generate
   * @param expected nanoseconds it should take, 0 where not known
   */
  void begin(int decodeRows, double expected) {
    Run run = next();
    run.expected = expected;
    watch.begins(run.plan, decodeRows, expected);
    run.pending = engine.submit(run.plan);
    count++;
  }

  /**
   * Waits for the step that began first and is over with that.
   *
   * @throws OutcropException when the engine is dead
   */
  Run end() {
    Run run = run(0);
    if (again > 0) {
      again--;
      rerun(run, null);
    } else {
      switch (await(run)) {
        case StepResult.Sampled result -> run.came(result, NO_ERRORS);
        case StepResult.Failed(var error) -> {
          throwIfDead(error);
          awaitOthers();
          if (reruns++ % RERUNS_PER_LOG == 0) {
            String message = "a step of " + run.plan.rows() + " rows failed, run one by one";
            LOG.log(Level.WARNING, message, error);
          }
          rerun(run, error);
        }
      }
    }
    first = (first + 1) % runs.length;
    count--;
    return run;
  }

  private StepResult await(Run run) {
    Engine.Pending pending = run.pending;
    if (pending == null) {
      throw new IllegalStateException("no step is in flight");
    }
    run.pending = null; // whatever comes, it is asked once
    StepResult result = pending.await();
    watch.ended();
    return result;
  }

  private void awaitOthers() {
    for (int i = 1; i < count; i++) {
      if (await(run(i)) instanceof StepResult.Failed(var error)) {
        throwIfDead(error);
      }
    }
    again = count - 1;
  }

  private void rerun(Run run, @Nullable OutcropException error) {
    expectedAlone = run.expected;
    Isolation.Rerun rerun = isolation.rerun(run.plan, error);
    run.came(rerun.result(), rerun.errors());
  }

  /** One row, with the time of a whole step to do it. */
  private StepResult runAlone(StepPlan row) {
    watch.begins(row, row.tokens() == 1 ? 1 : 0, expectedAlone);
    StepResult result = engine.submit(row).await();
    watch.ended();
    return result;
  }

  /** Waits for what is in flight, which nobody wants any more. */
  void drop() {
    for (int i = 0; i < runs.length; i++) {
      try {
        if (run(i).pending != null) {
          await(run(i));
        }
      } catch (RuntimeException | Error error) { // the engine is closed all the same
        LOG.log(Level.ERROR, "a step in flight did not end", error);
      }
    }
  }

  /** Ends the loop when the engine said that it cannot go on. */
  static void throwIfDead(OutcropException error) {
    if (error.code() == ModelError.ENGINE_DEAD) {
      throw error;
    }
  }
}
