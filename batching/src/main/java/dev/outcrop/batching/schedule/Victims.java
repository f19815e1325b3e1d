package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import org.jspecify.annotations.Nullable;

/**
 * Who goes back to the queue when there is no room: of the lowest tier the tenant with the most
 * service, of its sequences the newest. What has just begun is spared for some steps, so that two
 * sequences do not take turns in throwing each other out; what the flex floor let in stays.
 */
final class Victims {
  static final int SPARED_STEPS = 16;

  private final Sequences decoding;
  private final Sequences prefilling;

  Victims(Sequences decoding, Sequences prefilling) {
    this.decoding = decoding;
    this.prefilling = prefilling;
  }

  /** The first to go so that a sequence can grow: itself where all others count for more. */
  Sequence weakest(Sequence grows, long step) {
    Sequence found = weakest(prefilling, step, weakest(decoding, step, null, -1), -1);
    return found == null || found.flow.tier.compareTo(grows.flow.tier) < 0 ? grows : found;
  }

  /** Units that sequences below a tier have for themselves. */
  int unitsBelow(Tier tier) {
    return unitsBelow(decoding, tier) + unitsBelow(prefilling, tier);
  }

  private static int unitsBelow(Sequences list, Tier tier) {
    int units = 0;
    for (int i = 0; i < list.size(); i++) {
      Sequence sequence = list.get(i);
      if (sequence.flow.tier.compareTo(tier) > 0 && !sequence.owed && sequence.leaves == null) {
        units += own(sequence);
      }
    }
    return units;
  }

  /** Units that a sequence has for itself. */
  static int own(Sequence sequence) {
    return sequence.lease.units() - sequence.lease.shared();
  }

  /** The first to go of those below a tier that this step does not hold back yet, or null. */
  @Nullable Sequence below(Tier tier, long step) {
    int above = tier.rank();
    return weakest(prefilling, step, weakest(decoding, step, null, above), above);
  }

  private static @Nullable Sequence weakest(
      Sequences list, long step, @Nullable Sequence soFar, int above) {
    Sequence worst = soFar;
    for (int i = 0; i < list.size(); i++) {
      Sequence candidate = list.get(i);
      if (candidate.flow.tier.rank() > above
          && !candidate.owed
          && candidate.leaves == null
          && (above >= 0 ? candidate.heldStep < step : step - candidate.startedStep >= SPARED_STEPS)
          && (worst == null || weaker(candidate, worst, step))) {
        worst = candidate;
      }
    }
    return worst;
  }

  private static boolean weaker(Sequence one, Sequence other, long step) {
    int tiers = one.flow.tier.compareTo(other.flow.tier);
    if (tiers != 0) {
      return tiers > 0;
    }
    boolean held = one.heldStep >= step - 1;
    if (held != other.heldStep >= step - 1) {
      return held; // who waits for its steps to go stays the one, whoever is served meanwhile
    }
    if (one.flow.counter != other.flow.counter) {
      return one.flow.counter > other.flow.counter;
    }
    return one.serial > other.serial;
  }
}
