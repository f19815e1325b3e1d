package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.KvCache;
import dev.outcrop.batching.schedule.Sequence.Phase;
import dev.outcrop.models.engine.KvGeometry;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The sequences that have KV: who comes in, who has to go when there is no room, and where they
 * stand. Part of a {@link Scheduler} and its thread.
 */
final class Residents {
  private static final Tier[] TIERS = Tier.values();
  private static final int GROWTH_UNITS = 4;
  private static final double COMPLETION_MEMORY = 0.02;

  final Sequences decoding = new Sequences();
  final Sequences prefilling = new Sequences();
  private final KvGeometry geometry;
  private final Limits limits;
  private final KvCache kv;
  private final FairQueue queue;
  private final SchedulerCounts counts;
  private final Victims victims = new Victims(decoding, prefilling);
  private final Compaction compaction;
  private final TokenBuffers buffers;
  private double completion;
  private long step;
  private boolean full;
  private boolean flexWaits;
  private @Nullable Tier making; // the tier that others make way for once their steps are done
  private Sequence[] outgrown = new Sequence[16];
  private int outgrownCount;

  Residents(
      KvGeometry geometry,
      Limits limits,
      KvCache kv,
      FairQueue queue,
      SchedulerCounts counts,
      TokenBuffers buffers) {
    this.geometry = geometry;
    this.limits = limits;
    this.kv = kv;
    this.compaction = new Compaction(kv, decoding);
    this.queue = queue;
    this.counts = counts;
    this.buffers = buffers;
  }

  int size() {
    return decoding.size() + prefilling.size();
  }

  /** Before a step is planned: lets the upper tiers in, and makes room for every decode. */
  void prepare(long nextStep, KvCache.Moves moves) {
    step = nextStep;
    full = false;
    flexWaits = false;
    making = null;
    if (startFlex()) {
      startUrgent();
    }
    growDecodes();
    compaction.compactOne(step, moves);
  }

  /**
   * The floor of the flex tier goes before all tiers, and whom it lets in stays. Where there is no
   * room yet, the others wait for it, or there never would be any.
   */
  private boolean startFlex() {
    Sequence next = queue.flexIsDue() ? queue.first(Tier.FLEX) : null;
    if (next == null) {
      return true;
    }
    next.owed = start(next);
    flexWaits = !next.owed;
    return next.owed;
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

  /**
   * Sends lower tiers back to the queue for a sequence, if that is enough to let it in. Whose steps
   * are in flight goes after them and gets nothing more to run until then; what is free by then is
   * not for lower tiers.
   */
  private boolean makeWay(Sequence sequence) {
    Tier tier = sequence.flow.tier;
    int all = geometry.unitsFor(sequence.capacity()) + mayGrow();
    if (kv.room() + victims.unitsBelow(tier) < all) {
      return false;
    }
    int wanted = Math.min(all, kv.units());
    int rows = 0;
    int units = 0;
    while (!admits(sequence, rows) || kv.room() + units < wanted) {
      Sequence victim = victims.below(tier, step);
      if (victim == null) {
        break;
      }
      if (victim.stepsInFlight == 0) {
        preempt(victim);
      } else {
        victim.heldStep = step;
        rows++;
        units += Victims.own(victim);
      }
    }
    if (rows > 0) {
      making = tier;
    }
    return rows == 0 && admits(sequence, 0);
  }

  /** Whether prompts of other tiers are queued or not run yet. */
  boolean othersThanFlexWait() {
    boolean wait = queue.size() > queue.size(Tier.FLEX);
    for (int i = 0; i < prefilling.size() && !wait; i++) {
      wait = prefilling.get(i).flow.tier != Tier.FLEX;
    }
    return wait;
  }

  /** It has one more token to run: where there is no room for it, it grows before the next step. */
  void goesOn(Sequence sequence) {
    if (sequence.computed == sequence.room) {
      if (outgrownCount == outgrown.length) {
        outgrown = Arrays.copyOf(outgrown, 2 * outgrownCount);
      }
      outgrown[outgrownCount++] = sequence;
    }
  }

  /** Makes room for one more token of every sequence that decodes. */
  private void growDecodes() {
    int wait = 0;
    for (int i = 0; i < outgrownCount; i++) {
      Sequence sequence = outgrown[i];
      while (sequence.phase == Phase.DECODING && !grow(sequence)) {
        full = true;
        Sequence victim = victims.weakest(sequence, step);
        if (victim.stepsInFlight > 0) { // it goes when they are done; until then this one waits
          victim.heldStep = step;
          outgrown[wait++] = sequence;
          break;
        }
        preempt(victim);
      }
    }
    Arrays.fill(outgrown, wait, outgrownCount, null);
    outgrownCount = wait;
  }

  private boolean grow(Sequence sequence) {
    int wish = geometry.unitsFor(sequence.capacity()) - sequence.lease.units();
    int by = Math.min(kv.room(), Math.min(wish, GROWTH_UNITS));
    if (by == 0) {
      return false;
    }
    kv.grow(sequence.lease, by);
    sequence.room = sequence.lease.units() * geometry.unitTokens();
    return true;
  }

  /** Lets a waiting sequence in if there is a row and room for it. */
  boolean start(Sequence sequence) {
    int most = geometry.unitsFor(sequence.capacity());
    // Who was thrown out once comes back only to stay.
    int wanted =
        sequence.preempted
            ? most
            : Math.min(most, geometry.unitsFor(sequence.length + 1 + expectedCompletion()));
    boolean alone = size() == 0; // then nobody is there to wait for
    int spare = full && !alone ? kv.units() : Math.min(mayGrow(), kv.units() - wanted);
    if ((flexWaits && !alone && sequence.flow.tier != Tier.FLEX)
        || (making != null && sequence.flow.tier.compareTo(making) > 0)
        || !admits(sequence, 0)
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
          sequence.flow, FairQueue.PROMPT_WEIGHT * (sequence.promptTokens - sequence.cachedTokens));
    }
    sequence.room = sequence.lease.units() * geometry.unitTokens();
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

  /** Sequences that may want one more unit: none where a unit holds the longest. */
  private int mayGrow() {
    return geometry.maxContext() > geometry.unitTokens() ? decoding.size() : 0;
  }

  /** Whether there is a row for it, once so many others have gone. */
  private boolean admits(Sequence sequence, int going) {
    int others = size() - going;
    return others < limits.maxRunning() || (sequence.flow.running == 0 && others < limits.rows());
  }

  /** Back to the queue. */
  private void preempt(Sequence sequence) {
    share(sequence);
    leaveAtOnce(sequence);
    sequence.computed = 0;
    sequence.preempted = true;
    sequence.owed = false;
    counts.preempted();
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
    } else {
      decoding.remove(sequence);
    }
  }

  /** The same between two steps: during one, {@link #settle} does the rest. */
  private void leaveAtOnce(Sequence sequence) {
    leave(sequence);
    if (sequence.phase == Phase.PREFILLING) {
      prefilling.removeInOrder(sequence);
    }
  }

  /** It has all its tokens. */
  void finish(Sequence sequence) {
    completion += COMPLETION_MEMORY * (sequence.completionTokens() - completion);
    share(sequence);
    leave(sequence);
    sequence.end(buffers);
  }

  /** Its row failed: what the step wrote for it is not to be used. */
  void fail(Sequence sequence) {
    leave(sequence);
    sequence.end(buffers);
  }

  /** Nobody wants its tokens any more. */
  void drop(Sequence sequence) {
    share(sequence);
    leaveAtOnce(sequence);
    sequence.end(buffers);
  }

  /** The same while steps with it are in flight: it keeps its KV until they are done. */
  void leaves(Sequence sequence) {
    if (sequence.leaves == null) {
      share(sequence);
      sequence.leaves = StepOutcome.End.CANCELLED;
    }
  }

  /** It never came in. */
  void dropWaiting(Sequence sequence) {
    queue.remove(sequence);
    counts.unqueued(sequence);
    sequence.end(buffers);
  }

  /** Its last prompt token was run. */
  void decodes(Sequence sequence) {
    share(sequence);
    sequence.phase = Phase.DECODING;
    decoding.add(sequence);
  }

  /** After a step: drops those that prefill no more. */
  void settle() {
    prefilling.keep(Phase.PREFILLING);
  }
}
