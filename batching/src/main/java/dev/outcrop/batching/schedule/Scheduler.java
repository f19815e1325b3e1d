package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.KvCache;
import dev.outcrop.batching.schedule.Sequence.Phase;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;

/**
 * Decides what each step runs. Pure: integers in, integers out; no text, tensor, clock, I/O or
 * thread. Called by the engine loop alone, in the order plan, apply, plan, apply; sequences are
 * added and cancelled in between. Plan and apply allocate only while their tables still grow.
 *
 * <p>For an engine in stages as many steps may be planned before the first of them is applied. Each
 * takes its part of the sequences that decode and of the prompt tokens, so that all stages have
 * work; one that decodes is in one step at a time, chunks of a prompt may follow each other. Who is
 * in a step in flight keeps its KV until that step is applied, so that it can be run again.
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
  private final StepsInFlight inFlight;
  private final StepResults results;
  private final Prompts prompts;
  private final StepShares shares;
  private final KvCache.Moves moves;
  private StepRows rows; // of the step that is planned or was planned last
  private int appliedDecodeRows;
  private long step;

  /** Creates a scheduler without sequences, for one step in flight. */
  public Scheduler(KvGeometry geometry, Limits limits) {
    this(geometry, limits, 1);
  }

  /**
   * Creates a scheduler without sequences.
   *
   * @param steps how many may be in flight; with several of them nothing is drafted
   */
  public Scheduler(KvGeometry geometry, Limits limits, int steps) {
    this(
        geometry,
        steps > 1 ? limits.drafting(0) : limits,
        new StepBudget(geometry.unitTokens(), limits.maxStepTokens(), limits.targetNanos()),
        steps);
  }

  /**
   * Creates a scheduler for an engine that runs compiled shapes only, one step at a time; see
   * {@link FixedShapes}.
   *
   * @throws IllegalArgumentException if the engine's KV does not hold one sequence of the longest
   *     context
   */
  public static Scheduler inShapes(KvGeometry engine, Limits limits, CompiledShapes shapes) {
    KvGeometry slots = FixedShapes.slots(engine, shapes);
    Limits fitting = FixedShapes.limits(limits, slots, shapes);
    return new Scheduler(slots, fitting, new FixedShapes(shapes, fitting.targetNanos()), 1);
  }

  private Scheduler(KvGeometry geometry, Limits limits, StepMix mix, int steps) {
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
    this.inFlight = new StepsInFlight(steps, limits.rows(), geometry.unitTokens());
    this.rows = inFlight.next();
    this.results = new StepResults(residents, queue, counts, buffers, speculation);
    this.prompts = new Prompts(queue, residents);
    this.shares = new StepShares(inFlight, mix, prompts, counts, decoding, limits.maxStepTokens());
    this.moves = (from, to, units) -> rows.move(from, to, units);
  }

  /** How many steps may be planned before the first of them is applied. */
  public int steps() {
    return inFlight.most();
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
   * Ends a sequence between two steps; its KV units are free for the next plan. One that is in
   * steps in flight ends with the outcome of the last of them.
   *
   * @return whether it was still there and is not any more
   */
  public boolean cancel(Sequence sequence) {
    if (inFlight.most() == 1) {
      requireRoomInFlight();
    }
    switch (sequence.phase) {
      case NEW, ENDED -> {
        return false;
      }
      case WAITING -> residents.dropWaiting(sequence);
      case PREFILLING, DECODING -> {
        if (sequence.stepsInFlight > 0) {
          residents.leaves(sequence);
          return false;
        }
        residents.drop(sequence);
      }
    }
    return true;
  }

  /** Ends everything, steps in flight included. */
  public void clear() {
    while (inFlight.count() > 0) {
      results.drop(inFlight.land(), inFlight.most() > 1);
    }
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
   * Writes the next step. Unless {@link #idle}, it has at least one row; with others in flight it
   * may have none, and then it is not to be run.
   *
   * @param now noted as the time at which sequences started of which this step runs the first part
   */
  public void plan(StepPlan plan, long now) {
    requireRoomInFlight();
    plan.clear();
    step++;
    rows = inFlight.next();
    rows.begin(plan, step, now);
    residents.prepare(step, moves);
    boolean contended = residents.othersThanFlexWait();
    if (prompts() == 0) {
      speculation.draft(decoding, mix.decodeNanos(decoding.size()), buffers);
    }
    if (!mix.promptsFirst(decoding.size(), prompts.urgent())) {
      shares.addDecodes(rows);
    }
    shares.addPrompts(rows);
    if (rows.count() == 0) {
      shares.addDecodes(rows);
    }
    mix.shape(plan, rows.decodeRows());
    counts.shaped(plan);
    if (contended) {
      queue.contended(plan.tokens(), rows.flexTokens());
    }
    if (rows.count() > 0) {
      inFlight.depart();
    }
  }

  /** Whether the sequence of a row goes on, of the step that is to be applied next. */
  public boolean wants(int row) {
    return inFlight.oldest().sequence(row).leaves == null;
  }

  /**
   * Takes the result of the step that was planned first of those in flight.
   *
   * @param result its tokens, per row of the plan
   * @param nanos how long it took, from its plan to its result
   * @param outcome takes what it means for the sequences; what it held before is dropped
   */
  public void apply(StepResult.Sampled result, long nanos, StepOutcome outcome) {
    int[] tokens = result.tokens();
    int needed = inFlight.count() > 0 ? inFlight.oldest().results() : 0;
    if (needed == 0 || tokens.length < needed) {
      throw new IllegalStateException(
          "a step with %d results for a plan with %d".formatted(tokens.length, needed));
    }
    StepRows ran = inFlight.land();
    outcome.clear();
    ran.touch();
    results.apply(ran, inFlight.most() > 1, tokens, outcome);
    int decodes = ran.decodeRows();
    appliedDecodeRows = decodes;
    if (ran.count() > decodes) {
      residents.settle();
    }
    if (ran.drafts() > 0) {
      speculation.measured(decodes, ran.drafts(), (double) nanos, mix.decodeNanos(decodes));
    } else if (ran.promptTokens() > 0 || !ran.behindPrompts()) {
      mix.measured(decodes, ran.promptTokens(), nanos);
    }
  }

  private void requireRoomInFlight() {
    if (inFlight.count() == inFlight.most()) {
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

  /** Rows of the step planned last that generate; the others run their prompt. */
  public int decodeRows() {
    return rows.decodeRows();
  }

  /** Rows that generate of the step that is to be applied next; they are its first ones. */
  public int endingDecodeRows() {
    return inFlight.oldest().decodeRows();
  }

  /** Whose a row is of the step that is to be applied next. */
  public Flow endingFlow(int row) {
    return inFlight.oldest().sequence(row).flow;
  }

  /** Sequences that generate: in the step applied last and in those in flight. */
  public int generating() {
    return appliedDecodeRows + inFlight.decodeRows();
  }

  /**
   * From one token to the next of so many sequences that only generate, in nanoseconds; 0 where not
   * known. Each step has its part of them.
   */
  public double decodeNanos(int sequences) {
    return mix.decodeNanos(shares.part(sequences));
  }

  /**
   * What running a prompt token takes, in nanoseconds; 0 where not known. The stages of an engine
   * share the work, so that with all of them busy it takes its part of the time.
   */
  public double prefillNanos() {
    return mix.prefillNanos() / inFlight.most();
  }

  /** How long the step planned last should take, in nanoseconds; 0 where not known. */
  public double expectedNanos() {
    double decodes = mix.decodeNanos(rows.decodeRows());
    int promptTokens = inFlight.most() == 1 ? rows.promptTokens() : inFlight.promptTokens();
    double prompts = promptTokens * mix.prefillNanos();
    boolean known = (rows.decodeRows() == 0 || decodes > 0) && (promptTokens == 0 || prompts > 0);
    return known ? decodes + prompts : 0;
  }
}
