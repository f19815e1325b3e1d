package dev.outcrop.batching.schedule;

import dev.outcrop.batching.kv.KvAllocator;
import dev.outcrop.batching.schedule.Sequence.Phase;
import dev.outcrop.batching.schedule.StepOutcome.End;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.ArrayDeque;

/**
 * Decides what each step runs. Pure: integers in, integers out; no text, tensor, clock, I/O or
 * thread. Called by the engine loop alone, in the order plan, apply, plan, apply; sequences are
 * added and cancelled in between.
 *
 * <p>A step is filled up to a token budget: first one token for every sequence that decodes, then
 * prompt chunks, first come first served (continuous batching after Orca, with the chunked prefill
 * of Sarathi-Serve). A sequence starts when KV units for its prompt and its whole completion are
 * free, so that it never has to be preempted, and the queue's head waits rather than being
 * overtaken, so that nobody starves. Plan and apply allocate only when a sequence starts.
 */
public final class Scheduler {
  private final KvGeometry geometry;
  private final KvAllocator kv;
  private final int maxStepTokens;
  private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
  private final Sequence[] running;
  private final Sequence[] planned;
  private final int[] plannedTokens;
  private int runningCount;
  private int rows;
  private boolean inFlight;
  private long queuedTokens;
  private long promptTokensLeft;
  private long promptTokensRun;
  private long tokensGenerated;

  /**
   * Creates a scheduler without sequences.
   *
   * @param geometry the engine's KV arena
   * @param maxRunning the most sequences with KV, and so the most rows of a step
   * @param maxStepTokens the most tokens of a step, at least maxRunning
   */
  public Scheduler(KvGeometry geometry, int maxRunning, int maxStepTokens) {
    if (maxRunning < 1 || maxStepTokens < maxRunning) {
      throw new IllegalArgumentException("need maxStepTokens >= maxRunning >= 1");
    }
    this.geometry = geometry;
    this.kv = new KvAllocator(geometry.units());
    this.maxStepTokens = maxStepTokens;
    this.running = new Sequence[maxRunning];
    this.planned = new Sequence[maxRunning];
    this.plannedTokens = new int[maxRunning];
  }

  /** Queues a sequence; it must fit into the arena when it is alone there. */
  public void add(Sequence sequence) {
    if (sequence.phase != Phase.NEW || geometry.unitsFor(sequence.capacity()) > kv.units()) {
      throw new IllegalArgumentException("a sequence is added once, and only if it can ever fit");
    }
    sequence.phase = Phase.WAITING;
    waiting.add(sequence);
    queuedTokens += sequence.promptTokens;
    promptTokensLeft += sequence.promptTokens;
  }

  /**
   * Ends a sequence between two steps; its KV units are free for the next plan.
   *
   * @return whether it was still there
   */
  public boolean cancel(Sequence sequence) {
    requireNoStepInFlight();
    switch (sequence.phase) {
      case NEW, ENDED -> {
        return false;
      }
      case WAITING -> {
        waiting.remove(sequence);
        queuedTokens -= sequence.promptTokens;
        end(sequence);
      }
      case RUNNING -> {
        end(sequence);
        dropEnded();
      }
    }
    return true;
  }

  /** Ends everything, a step in flight included. */
  public void clear() {
    inFlight = false;
    queuedTokens = 0;
    waiting.forEach(this::end);
    waiting.clear();
    for (int i = 0; i < runningCount; i++) {
      end(running[i]);
    }
    dropEnded();
  }

  /** Whether there is nothing to run. */
  public boolean idle() {
    return runningCount == 0 && waiting.isEmpty();
  }

  /** Writes the next step. Unless {@link #idle}, it has at least one row. */
  public void plan(StepPlan plan) {
    requireNoStepInFlight();
    plan.clear();
    rows = 0;
    int budget = maxStepTokens;
    for (int i = 0; i < runningCount; i++) {
      if (running[i].decoding()) {
        budget -= addRow(plan, running[i], budget);
      }
    }
    for (int i = 0; i < runningCount && budget > 0; i++) {
      if (!running[i].decoding()) {
        budget -= addRow(plan, running[i], budget);
      }
    }
    while (budget > 0 && startNext()) {
      budget -= addRow(plan, running[runningCount - 1], budget);
    }
    inFlight = rows > 0;
  }

  /**
   * Takes the result of the planned step.
   *
   * @param result its tokens, per row of the plan
   * @param outcome takes what it means for the sequences; what it held before is dropped
   */
  public void apply(StepResult.Sampled result, StepOutcome outcome) {
    int[] tokens = result.tokens();
    if (!inFlight || tokens.length < rows) {
      throw new IllegalStateException(
          "a result of %d rows for a plan of %d".formatted(tokens.length, inFlight ? rows : 0));
    }
    inFlight = false;
    outcome.clear();
    for (int row = 0; row < rows; row++) {
      applyRow(planned[row], row, tokens[row], outcome);
    }
    dropEnded();
  }

  private void applyRow(Sequence sequence, int row, int token, StepOutcome outcome) {
    int ran = plannedTokens[row];
    if (!sequence.decoding()) {
      promptTokensLeft -= ran;
      promptTokensRun += ran;
    }
    sequence.computed += ran;
    boolean caughtUp = sequence.computed == sequence.length;
    if (token == StepResult.ROW_FAILED || (caughtUp && token < 0)) {
      end(sequence);
      outcome.add(sequence, row, StepOutcome.NO_TOKEN, End.FAILED);
    } else if (caughtUp) {
      sequence.append(token);
      tokensGenerated++;
      if (sequence.stopsAt(token)) {
        end(sequence);
        outcome.add(sequence, row, StepOutcome.NO_TOKEN, End.STOP);
      } else if (sequence.completionTokens() == sequence.maxTokens) {
        end(sequence);
        outcome.add(sequence, row, token, End.LENGTH);
      } else {
        outcome.add(sequence, row, token, null);
      }
    }
  }

  private boolean startNext() {
    Sequence next = waiting.peek();
    if (next == null
        || runningCount == running.length
        || !kv.allocate(geometry.unitsFor(next.capacity()), next.runs)) {
      return false;
    }
    waiting.remove();
    queuedTokens -= next.promptTokens;
    next.start();
    running[runningCount++] = next;
    return true;
  }

  private int addRow(StepPlan plan, Sequence sequence, int budget) {
    int count = Math.min(sequence.length - sequence.computed, budget);
    int used = sequence.computed + count;
    plan.row(sequence.computed);
    plan.tokens(sequence.tokens, sequence.computed, count);
    int unplaced = used;
    for (int run = 0; unplaced > 0; run++) {
      int here = Math.min(unplaced, sequence.runs.units(run) * geometry.unitTokens());
      plan.segment(sequence.runs.start(run) * geometry.unitTokens(), here);
      unplaced -= here;
    }
    if (used == sequence.length) {
      plan.sample(sequence.sampling, sequence.tokens, sequence.promptTokens, sequence.length);
    }
    planned[rows] = sequence;
    plannedTokens[rows] = count;
    rows++;
    return count;
  }

  private void end(Sequence sequence) {
    promptTokensLeft -= sequence.promptTokensLeft();
    kv.free(sequence.runs);
    sequence.end();
  }

  /** Keeps the order of those that go on: it is the order in which they are served. */
  private void dropEnded() {
    int kept = 0;
    for (int i = 0; i < runningCount; i++) {
      Sequence sequence = running[i];
      if (sequence.phase == Phase.RUNNING) {
        running[kept++] = sequence;
      }
    }
    runningCount = kept;
  }

  private void requireNoStepInFlight() {
    if (inFlight) {
      throw new IllegalStateException("a step is in flight");
    }
  }

  /** Sequences without KV. */
  public int waiting() {
    return waiting.size();
  }

  /** Sequences with KV. */
  public int running() {
    return runningCount;
  }

  /** Prompt tokens of the sequences without KV. */
  public long queuedTokens() {
    return queuedTokens;
  }

  /** Prompt tokens not run yet, over all sequences. */
  public long promptTokensLeft() {
    return promptTokensLeft;
  }

  /** Prompt tokens run since the start. */
  public long promptTokensRun() {
    return promptTokensRun;
  }

  /** Tokens generated since the start. */
  public long tokensGenerated() {
    return tokensGenerated;
  }

  /** KV units that sequences hold. */
  public int kvUnitsReferenced() {
    return kv.units() - kv.freeUnits();
  }
}
