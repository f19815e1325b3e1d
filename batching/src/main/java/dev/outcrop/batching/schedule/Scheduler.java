package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.KvCache;
import dev.outcrop.batching.kv.Runs;
import dev.outcrop.batching.schedule.Sequence.Phase;
import dev.outcrop.batching.schedule.StepOutcome.End;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;

/**
 * Decides what each step runs. Pure: integers in, integers out; no text, tensor, clock, I/O or
 * thread. Called by the engine loop alone, in the order plan, apply, plan, apply; sequences are
 * added and cancelled in between. Plan and apply allocate only while their tables still grow.
 *
 * <p>A step is filled up to a token budget: first one token for every sequence that decodes, then
 * prompt chunks by tier (continuous batching after Orca, chunked prefill after Sarathi-Serve; see
 * {@link StepBudget}). Who starts next is decided by {@link FairQueue}, where its KV lies by {@link
 * KvCache}. A sequence starts with room for what it has and grows while it decodes; when there is
 * none left, {@link Victims} says who goes back to the queue and is recomputed later.
 */
public final class Scheduler {
  private static final Tier[] TIERS = Tier.values();
  private static final int GROWTH_UNITS = 4;
  private static final double COMPLETION_MEMORY = 0.02;

  private final KvGeometry geometry;
  private final Limits limits;
  private final KvCache kv;
  private final FairQueue queue;
  private final StepBudget budget;
  private final Sequences decoding = new Sequences();
  private final Sequences prefilling = new Sequences();
  private final Victims victims = new Victims(decoding, prefilling);
  private final TokenBuffers buffers = new TokenBuffers();
  private final SchedulerCounts counts = new SchedulerCounts();
  private final Sequence[] planned;
  private final int[] plannedTokens;
  private int rows;
  private int decodeRows;
  private int promptTokens;
  private long step;
  private double completion;
  private boolean inFlight;
  private boolean full;

  /** Creates a scheduler without sequences. */
  public Scheduler(KvGeometry geometry, Limits limits) {
    this.geometry = geometry;
    this.limits = limits;
    this.kv = new KvCache(geometry.units(), (int) (limits.cacheShare() * geometry.units()));
    this.queue = new FairQueue(limits.flexFloor());
    this.budget =
        new StepBudget(geometry.unitTokens(), limits.maxStepTokens(), limits.targetNanos());
    this.planned = new Sequence[limits.rows()];
    this.plannedTokens = new int[limits.rows()];
  }

  /** Queues a sequence; it must fit into the arena when it is alone there. */
  public void add(Sequence sequence) {
    if (sequence.phase != Phase.NEW || geometry.unitsFor(sequence.capacity()) > kv.units()) {
      throw new IllegalArgumentException("a sequence is added once, and only if it can ever fit");
    }
    sequence.arrivedStep = step;
    sequence.affinity = kv.match(sequence.hashes(), sequence.reusableUnits());
    wait(sequence);
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
        queue.remove(sequence);
        counts.unqueued(sequence);
      }
      case PREFILLING, DECODING -> {
        share(sequence);
        leave(sequence);
        removeFromLists(sequence);
      }
    }
    sequence.end(buffers);
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

  /** Writes the next step. Unless {@link #idle}, it has at least one row. */
  public void plan(StepPlan plan) {
    requireNoStepInFlight();
    plan.clear();
    step++;
    rows = 0;
    full = false;
    startUrgent();
    growDecodes();
    for (int i = 0; i < decoding.size(); i++) {
      addRow(plan, decoding.get(i), 1);
    }
    decodeRows = rows;
    int given = Math.min(limits.maxStepTokens() - rows, budget.promptTokens(rows));
    int left = given;
    if (queue.flexIsDue()) {
      left -= prefill(plan, Tier.FLEX, left);
    }
    for (Tier tier : TIERS) {
      left -= prefill(plan, tier, left);
    }
    promptTokens = given - left;
    inFlight = rows > 0;
  }

  /** Lets the upper tiers in before anything is planned: others may have to go for them. */
  private void startUrgent() {
    int tokens = 0;
    for (Tier tier : TIERS) {
      if (tier.compareTo(Tier.DEFAULT) >= 0) {
        return;
      }
      while (tokens < limits.maxStepTokens()) {
        Sequence next = queue.first(tier);
        if (next == null) {
          break;
        }
        if (!start(next) && !(makeWay(next) && start(next))) {
          return;
        }
        tokens += next.behind();
      }
    }
  }

  /** Sends lower tiers back to the queue for a sequence, if that is enough to let it in. */
  private boolean makeWay(Sequence sequence) {
    Tier tier = sequence.flow.tier;
    int wanted = geometry.unitsFor(sequence.capacity()) + decoding.size();
    if (kv.room() + victims.unitsBelow(tier) < wanted) {
      return false;
    }
    while (!admits(sequence) || kv.room() < Math.min(wanted, kv.units())) {
      Sequence victim = victims.below(tier, step);
      if (victim == null) {
        return admits(sequence);
      }
      preempt(victim);
    }
    return true;
  }

  /** Makes room for one more token of every sequence that decodes. */
  private void growDecodes() {
    for (int i = 0; i < decoding.size(); i++) {
      Sequence sequence = decoding.get(i);
      while (sequence.phase == Phase.DECODING
          && sequence.computed == sequence.lease.units() * geometry.unitTokens()) {
        int wish = geometry.unitsFor(sequence.capacity()) - sequence.lease.units();
        int by = Math.min(kv.room(), Math.min(wish, GROWTH_UNITS));
        if (by > 0) {
          kv.grow(sequence.lease, by);
          continue;
        }
        full = true;
        int at = preempt(victims.weakest(sequence, step));
        i -= at >= 0 && at <= i ? 1 : 0;
      }
    }
  }

  /** Runs prompt tokens of a tier: those begun, then new ones. Answers how many. */
  private int prefill(StepPlan plan, Tier tier, int given) {
    int left = given;
    for (int i = 0; i < prefilling.size() && left > 0; i++) {
      Sequence sequence = prefilling.get(i);
      if (sequence.flow.tier == tier && sequence.plannedStep != step) {
        left -= addRow(plan, sequence, left);
      }
    }
    while (left > 0) {
      Sequence next = queue.first(tier);
      if (next == null || !start(next)) {
        break;
      }
      left -= addRow(plan, next, left);
    }
    return given - left;
  }

  private boolean start(Sequence sequence) {
    int most = geometry.unitsFor(sequence.capacity());
    // Who was thrown out once comes back only to stay.
    int wanted =
        sequence.preempted
            ? most
            : Math.min(most, geometry.unitsFor(sequence.length + 1 + expectedCompletion()));
    int spare = full ? kv.units() : Math.min(decoding.size(), kv.units() - wanted);
    if (!admits(sequence)
        || !kv.start(
            sequence.lease,
            sequence.hashes(),
            sequence.reusableUnits(),
            wanted,
            spare,
            wanted < most)) {
      return false;
    }
    queue.remove(sequence);
    counts.unqueued(sequence);
    sequence.computed = sequence.lease.shared() * geometry.unitTokens();
    counts.prefills(sequence.behind());
    if (sequence.cachedTokens < 0) { // a hit counts once, whatever becomes of the sequence
      sequence.cachedTokens = sequence.computed;
      counts.lookedUp(sequence);
      queue.serve(
          sequence.flow,
          FairQueue.PROMPT_WEIGHT * (sequence.promptTokens - sequence.cachedTokens));
    }
    sequence.start(buffers);
    sequence.phase = Phase.PREFILLING;
    sequence.startedStep = step;
    sequence.flow.running++;
    prefilling.add(sequence);
    return true;
  }

  /** Room for what a sequence usually generates, so that few have to grow, and fewer to split. */
  private int expectedCompletion() {
    return Math.max(GROWTH_UNITS * geometry.unitTokens(), (int) completion);
  }

  private boolean admits(Sequence sequence) {
    return running() < limits.maxRunning()
        || (sequence.flow.running == 0 && running() < limits.rows());
  }

  /** Back to the queue; answers its place among those that decoded, or -1. */
  private int preempt(Sequence sequence) {
    share(sequence);
    leave(sequence);
    sequence.computed = 0;
    sequence.preempted = true;
    counts.preempted();
    int at = removeFromLists(sequence);
    wait(sequence);
    return at;
  }

  private void wait(Sequence sequence) {
    sequence.phase = Phase.WAITING;
    queue.add(sequence);
    counts.queued(sequence);
  }

  /** What it computed stays for reuse as long as nobody needs the room. */
  private void share(Sequence sequence) {
    kv.publish(sequence.lease, sequence.hashes(), sequence.fullUnits(), sequence.flow.tenant);
  }

  private void leave(Sequence sequence) {
    kv.release(sequence.lease);
    sequence.flow.running--;
    if (sequence.phase == Phase.PREFILLING) {
      counts.prefills(-sequence.behind());
    }
  }

  private int removeFromLists(Sequence sequence) {
    int at = decoding.remove(sequence);
    if (at < 0) {
      prefilling.remove(sequence);
    }
    return at;
  }

  private int addRow(StepPlan plan, Sequence sequence, int most) {
    int count = Math.min(sequence.behind(), most);
    int used = sequence.computed + count;
    plan.row(sequence.computed);
    plan.tokens(sequence.tokens, sequence.computed, count);
    Runs runs = sequence.lease.runs();
    int unplaced = used;
    for (int run = 0; unplaced > 0; run++) {
      int here = Math.min(unplaced, runs.units(run) * geometry.unitTokens());
      plan.segment(runs.start(run) * geometry.unitTokens(), here);
      unplaced -= here;
    }
    if (used == sequence.length) {
      plan.sample(sequence.sampling, sequence.tokens, sequence.promptTokens, sequence.length);
    }
    sequence.plannedStep = step;
    planned[rows] = sequence;
    plannedTokens[rows] = count;
    rows++;
    return count;
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
    if (!inFlight || tokens.length < rows) {
      throw new IllegalStateException(
          "a result of %d rows for a plan of %d".formatted(tokens.length, inFlight ? rows : 0));
    }
    inFlight = false;
    outcome.clear();
    for (int row = 0; row < rows; row++) {
      applyRow(planned[row], row, tokens[row], outcome);
    }
    prefilling.keep(Phase.PREFILLING);
    decoding.keep(Phase.DECODING);
    budget.measured(decodeRows, promptTokens, nanos);
  }

  private void applyRow(Sequence sequence, int row, int token, StepOutcome outcome) {
    int ran = plannedTokens[row];
    boolean prefill = sequence.phase == Phase.PREFILLING;
    boolean caughtUp = sequence.behind() == ran;
    if (token == StepResult.ROW_FAILED || (caughtUp && token < 0)) {
      leave(sequence);
      sequence.end(buffers);
      outcome.add(sequence, row, StepOutcome.NO_TOKEN, End.FAILED);
      return;
    }
    sequence.advance(ran);
    if (prefill) {
      counts.ran(ran);
    }
    if (!caughtUp) {
      return;
    }
    if (prefill) {
      share(sequence);
      sequence.phase = Phase.DECODING;
      decoding.add(sequence);
    }
    sequence.append(token);
    counts.generated();
    queue.serve(sequence.flow, FairQueue.GENERATED_WEIGHT);
    if (sequence.stopsAt(token)) {
      finish(sequence);
      outcome.add(sequence, row, StepOutcome.NO_TOKEN, End.STOP);
    } else if (sequence.completionTokens() == sequence.maxTokens) {
      finish(sequence);
      outcome.add(sequence, row, token, End.LENGTH);
    } else {
      outcome.add(sequence, row, token, null);
    }
  }

  private void finish(Sequence sequence) {
    completion += COMPLETION_MEMORY * (sequence.completionTokens() - completion);
    share(sequence);
    leave(sequence);
    sequence.end(buffers);
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
    return decoding.size() + prefilling.size();
  }

  /** What was counted. */
  public SchedulerCounts counts() {
    return counts;
  }

  /** The KV arena. */
  public KvCache kv() {
    return kv;
  }

  /** How long the planned step should take, in nanoseconds; 0 where not known. */
  public double expectedNanos() {
    return budget.decodeNanos(decodeRows) + promptTokens * budget.prefillNanos();
  }
}
