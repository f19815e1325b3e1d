package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The steps in flight of a model in stages: while one stage runs a step, the one before it runs the
 * next. Every stage makes a step's KV moves and runs it in the order of the plans, so that each
 * step finds in every part of the KV arena what it would if they ran one after the other.
 *
 * <p>Submitted and awaited by the engine thread; a plan is read before it is submitted and after
 * the last stage, tensors are made and closed by the threads of the stages.
 */
final class StagedSteps implements AutoCloseable {
  private final List<TorchProgram> programs;
  private final List<TorchStep> steps = new ArrayList<>();
  private @Nullable StageLine<Flight> line;
  private int next;

  /** No thread runs before a step is submitted. */
  StagedSteps(List<TorchProgram> programs, Supplier<TorchStep> step) {
    this.programs = List.copyOf(programs);
    for (int i = 0; i < programs.size(); i++) {
      steps.add(step.get());
    }
  }

  /** Starts a step; there are fewer in flight than stages. */
  Engine.Pending submit(StepPlan plan) {
    if (line == null) {
      List<Consumer<Flight>> stages = new ArrayList<>();
      for (int i = 0; i < programs.size(); i++) {
        int stage = i;
        stages.add(flight -> flight.run(stage));
      }
      line = new StageLine<>(stages);
    }
    Flight flight = new Flight(plan, steps.get(next));
    next = (next + 1) % steps.size();
    flight.fill();
    line.put(flight);
    return flight;
  }

  /** Ends the threads; no step is in flight. */
  @Override
  public void close() {
    if (line != null) {
      line.close();
      line = null;
    }
  }

  /** A step on its way. */
  private final class Flight implements Engine.Pending {
    private final StepPlan plan;
    private final TorchStep step;
    private final long[] moves;
    private final CountDownLatch over = new CountDownLatch(1);
    private @Nullable KeptValue hidden;
    private @Nullable StepResult result;
    private @Nullable Throwable thrown;

    Flight(StepPlan plan, TorchStep step) {
      this.plan = plan;
      this.step = step;
      this.moves = TorchEngine.moves(plan);
    }

    /** What is wrong with the plan fails the step, and its moves are made all the same. */
    void fill() {
      try {
        step.fill(plan);
      } catch (IllegalArgumentException e) {
        result = TorchEngine.failed(e);
      }
    }

    void run(int stage) {
      boolean last = stage == programs.size() - 1;
      try {
        TorchProgram program = programs.get(stage);
        if (moves.length > 0) {
          TorchEngine.moveKv(program, moves);
        }
        if (result == null && thrown == null) {
          if (hidden != null) {
            program.give("receive", hidden);
          }
          forget();
          if (last) {
            result = step.choose(plan, program);
          } else {
            IValue tokens = step.tokens(program);
            hidden = program.keep("hidden", tokens, step.where());
          }
        }
      } catch (OutcropException e) {
        result = new StepResult.Failed(e);
      } catch (EngineException | IllegalArgumentException e) {
        result = TorchEngine.failed(e);
      } catch (RuntimeException | Error e) {
        thrown = e;
      } finally {
        try {
          if (last || result != null || thrown != null) {
            forget();
          }
        } catch (RuntimeException | Error e) { // who awaits the step is to hear of it, not to hang
          thrown = thrown == null ? e : thrown;
        } finally {
          if (last) {
            over.countDown();
          }
        }
      }
    }

    private void forget() {
      KeptValue kept = hidden;
      hidden = null; // also where closing it fails: nobody tries twice
      if (kept != null) {
        kept.close();
      }
    }

    @Override
    public StepResult await() {
      boolean interrupted = false;
      while (true) {
        try {
          over.await();
          break;
        } catch (InterruptedException e) {
          interrupted = true; // a step cannot be cut short: libtorch would not notice
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      if (thrown instanceof Error error) {
        throw error;
      }
      if (thrown != null || result == null) {
        throw new IllegalStateException("a stage broke down", thrown);
      }
      return result;
    }
  }
}
