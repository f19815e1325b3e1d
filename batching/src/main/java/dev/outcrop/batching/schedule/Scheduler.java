package dev.outcrop.batching.schedule;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.KvCache;
import dev.outcrop.batching.schedule.Sequence.Phase;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;

/**
 * Decides what each step runs. Pure: integers in, integers out; no text, tensor, clock, I/O or
 * thread. Called by the engine loop alone, in the order plan, apply, plan, apply; sequences are
 * added and cancelled in between. Plan and apply allocate only while their tables still grow.
 *
 * <p>What a step is made of is decided by a {@link StepMix}. It is filled up to a token budget:
 * first one token for every sequence that decodes, then prompt chunks by tier (continuous batching
 * after Orca, chunked prefill after Sarathi-Serve; see {@link StepBudget}). Which prompts those are
 * is decided by {@link Prompts}, who starts next by {@link FairQueue}, where its KV lies by {@link
 * KvCache}. A sequence starts with room for what it has and grows while it decodes; when there is
 * none left, {@link Victims} says who goes back to the queue and is recomputed later.
 */
public final class Scheduler {
  private static final Tier[] TIERS = Tier.values();

  private final KvGeometry geometry;
  private final Limits limits;
  private final KvCache kv;
  private final FairQueue queue;
  private final StepMix mix;
  private final Speculation speculation;
  private final Residents residents;
  private final Sequences decoding;
  private final Sequences prefilling;
  private final SchedulerCounts counts = new SchedulerCounts();
  private final TokenBuffers buffers = new TokenBuffers();
  private final StepRows rows;
  private final StepResults results;
  private final Prompts prompts;
  private final KvCache.Moves moves;
  private int decodeRows;
  private int promptTokens;
  private long step;
  private boolean inFlight;

  /** Creates a scheduler without sequences. */
  public Scheduler(KvGeometry geometry, Limits limits) {
    this(
        geometry,
        limits,
        new StepBudget(geometry.unitTokens(), limits.maxStepTokens(), limits.targetNanos()));
  }

  /**
   * Creates a scheduler for an engine that runs compiled shapes only; see {@link FixedShapes}.
   *
   * @throws IllegalArgumentException if the engine's KV does not hold one sequence of the longest
   *     context
   */
  public static Scheduler inShapes(KvGeometry engine, Limits limits, BatchingConfig.Shapes shapes) {
    KvGeometry slots = FixedShapes.slots(engine, shapes);
    Limits fitting = FixedShapes.limits(limits, slots, shapes);
    return new Scheduler(slots, fitting, new FixedShapes(shapes, fitting.targetNanos()));
  }

  private Scheduler(KvGeometry geometry, Limits limits, StepMix mix) {
    this.geometry = geometry;
    this.limits = limits;
    this.kv = new KvCache(geometry.units(), (int) (limits.cacheShare() * geometry.units()));
    this.queue = new FairQueue(limits.flexFloor());
    this.mix = mix;
    this.speculation =
        new Speculation(mix.drafts() ? limits.draftTokens() : 0, limits.maxStepTokens());
    this.residents = new Residents(geometry, limits, kv, queue, counts, buffers);
    this.decoding = residents.decoding;
    this.prefilling = residents.prefilling;
    this.rows = new StepRows(limits.rows(), geometry.unitTokens());
    this.results = new StepResults(rows, residents, queue, counts, buffers, speculation);
    this.prompts = new Prompts(queue, residents, rows);
    this.moves = rows::move;
  }

  /** Queues a sequence; it must fit into the arena when it is alone there. */
  public void add(Sequence sequence) {
    boolean fits =
        sequence.capacity() <= geometry.maxContext()
            && geometry.unitsFor(sequence.capacity()) <= kv.units();
    if (sequence.phase != Phase.NEW || !fits) {
      throw new IllegalArgumentException("a sequence is added once, and only if it can ever fit");
    }
    sequence.arrivedStep = step;
    sequence.affinity = kv.match(sequence.hashes(), sequence.reusableUnits());
    sequence.phase = Phase.WAITING;
    queue.add(sequence);
    counts.queued(sequence);
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
      case WAITING -> residents.dropWaiting(sequence);
      case PREFILLING, DECODING -> residents.drop(sequence);
    }
    return true;
  }

  /** Ends everything, a step in flight included. */
  public void clear() {
    inFlight = false;
    for (Tier tier : TIERS) {
      for (Sequence first = queue.first(tier); first != null; first = queue.first(tier)) {
        cancel(first);
      }
    }
    while (running() > 0) {
      cancel(decoding.size() > 0 ? decoding.get(0) : prefilling.get(0));
    }
  }

  /** Whether there is nothing to run. */
  public boolean idle() {
    return running() == 0 && queue.size() == 0;
  }

  /** Writes the next step for a caller that does not ask when its sequences started. */
  public void plan(StepPlan plan) {
    plan(plan, 0);
  }

  /**
   * Writes the next step. Unless {@link #idle}, it has at least one row.
   *
   * @param now noted as the time at which sequences started of which this step runs the first part
   */
  public void plan(StepPlan plan, long now) {
    requireNoStepInFlight();
    plan.clear();
    step++;
    rows.begin(plan, now);
    residents.prepare(step, moves);
    boolean contended = residents.othersThanFlexWait();
    decodeRows = 0;
    if (prompts() == 0) {
      speculation.draft(decoding, mix.decodeNanos(decoding.size()), buffers);
    }
    if (!mix.promptsFirst(decoding.size(), prompts.urgent())) {
      addDecodes();
    }
    addPrompts();
    if (rows.count() == 0) {
      addDecodes();
    }
    mix.shape(plan, decodeRows);
    if (contended) {
      queue.contended(plan.tokens(), rows.flexTokens());
    }
    inFlight = rows.count() > 0;
  }

  private void addDecodes() {
    rows.addDecodes(decoding);
    decodeRows = rows.count();
  }

  private void addPrompts() {
    int given = Math.min(limits.maxStepTokens() - decodeRows, mix.promptTokens(decodeRows));
    promptTokens = prompts.add(given, decodeRows + mix.promptRows());
  }

  /**
   * Takes the result of the planned step.
   *
   * @param result its tokens, per row of the plan
   * @param nanos how long it took
   * @param outcome takes what it means for the sequences; what it held before is dropped
   */
  public void apply(StepResult.Sampled result, long nanos, StepOutcome outcome) {
    int[] tokens = result.tokens();
    int needed = rows.count() + rows.drafts();
    if (!inFlight || tokens.length < needed) {
      throw new IllegalStateException(
          "a step with %d results for a plan with %d"
              .formatted(tokens.length, inFlight ? needed : 0));
    }
    inFlight = false;
    outcome.clear();
    rows.touch();
    results.apply(tokens, outcome);
    if (rows.count() > decodeRows) {
      residents.settle();
    }
    if (rows.drafts() == 0) {
      mix.measured(decodeRows, promptTokens, nanos);
    } else {
      speculation.measured(decodeRows, rows.drafts(), (double) nanos, mix.decodeNanos(decodeRows));
    }
  }

  private void requireNoStepInFlight() {
    if (inFlight) {
      throw new IllegalStateException("a step is in flight");
    }
  }

  /** Sequences without KV. */
  public int waiting() {
    return queue.size();
  }

  /** Sequences with KV. */
  public int running() {
    return residents.size();
  }

  /** Requests whose prompt was not run to its end. */
  public int prompts() {
    return queue.size() + prefilling.size();
  }

  /** The most sequences with KV, those of guests not counted. */
  public int maxRunning() {
    return limits.maxRunning();
  }

  /** What was counted. */
  public SchedulerCounts counts() {
    return counts;
  }

  /** What sequences may use: the engine's own geometry, or its KV as slots. */
  public KvGeometry geometry() {
    return geometry;
  }

  /** The KV arena. */
  public KvCache kv() {
    return kv;
  }

  /** Buffers of tokens that sequences hold: none when nothing is there. */
  public int buffersHeld() {
    return buffers.lent();
  }

  /** Rows of the planned step that generate; the others run their prompt. */
  public int decodeRows() {
    return decodeRows;
  }

  /** What a step that only generates takes for so many rows, in nanoseconds; 0 where not known. */
  public double decodeNanos(int forRows) {
    return mix.decodeNanos(forRows);
  }

  /** What running a prompt token takes, in nanoseconds; 0 where not known. */
  public double prefillNanos() {
    return mix.prefillNanos();
  }

  /** How long the planned step should take, in nanoseconds; 0 where not known. */
  public double expectedNanos() {
    double decodes = mix.decodeNanos(decodeRows);
    double prompts = promptTokens * mix.prefillNanos();
    boolean known = (decodeRows == 0 || decodes > 0) && (promptTokens == 0 || prompts > 0);
    return known ? decodes + prompts : 0;
  }
}
