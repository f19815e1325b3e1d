package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;

/**
 * Which prompts a step runs, up to its tokens and rows: by tier those that began before, then new
 * ones as {@link FairQueue} has them. Part of a {@link Scheduler} and its thread.
 *
 * <p>A tenant that has nothing else running goes before the begun prompts of tenants that have
 * more, where it is its turn by the queue: so nobody waits for the long prompts of others. A begun
 * prompt lets others by in at most {@value #PATIENCE} steps more than it runs in itself; from then
 * on it has every other step at least, however many newcomers there are.
 */
final class Prompts {
  static final int PATIENCE = 32;
  private static final Tier[] TIERS = Tier.values();
  private static final StepRows NO_STEP = new StepRows(0, 1);

  /** Which of the begun prompts go on. */
  private enum Which {
    OVERDUE,
    ALONE,
    ALL
  }

  private final FairQueue queue;
  private final Residents residents;
  private final Sequences prefilling;
  private StepRows rows = NO_STEP;
  private int begun;
  private int mostRows;
  private boolean refused;

  Prompts(FairQueue queue, Residents residents) {
    this.queue = queue;
    this.residents = residents;
    this.prefilling = residents.prefilling;
  }

  /** Whether the next prompt of a tier above the default's has not run since it was let in. */
  boolean urgent() {
    int above = Tier.DEFAULT.rank();
    boolean fresh = false;
    for (int i = 0; i < prefilling.size(); i++) {
      Sequence sequence = prefilling.get(i);
      int rank = sequence.flow.tier.rank();
      if (rank < above) {
        above = rank;
        fresh = sequence.plannedStep < sequence.startedStep;
      }
    }
    return fresh;
  }

  /** Puts prompt tokens into a step. */
  void add(StepRows step, int given, int rowsAtMost) {
    rows = step;
    begun = prefilling.size();
    mostRows = rowsAtMost;
    int left = given;
    if (queue.flexIsDue()) {
      left -= goOn(Tier.FLEX, left, Which.ALL);
    }
    for (Tier tier : TIERS) {
      left -= add(tier, left);
    }
  }

  private int add(Tier tier, int given) {
    int left = given;
    refused = false;
    if (begun > 0 && left > 0) {
      left -= goOn(tier, left, Which.OVERDUE);
      left -= goOn(tier, left, Which.ALONE);
      left -= overtake(tier, left);
      left -= goOn(tier, left, Which.ALL);
    }
    while (hasRoom(left) && !refused) {
      Sequence next = queue.first(tier);
      left -= next == null ? refuse() : start(next, left);
    }
    if (left < given) {
      count(tier);
    }
    return given - left;
  }

  private boolean hasRoom(int left) {
    return left > 0 && rows.count() < mostRows;
  }

  private int start(Sequence next, int left) {
    return residents.start(next) ? rows.addPrompt(next, left) : refuse();
  }

  /** Nobody else of the tier can start in this step. */
  private int refuse() {
    refused = true;
    return 0;
  }

  /** Runs prompt tokens of those of a tier that began before. Answers how many. */
  private int goOn(Tier tier, int given, Which which) {
    int left = given;
    for (int i = 0; i < begun && hasRoom(left); i++) {
      Sequence sequence = prefilling.get(i);
      if (waits(sequence, tier) && goesOn(sequence, which)) {
        left -= rows.addPrompt(sequence, left);
      }
    }
    return given - left;
  }

  /** Whether it is of the tier, and the step could have more of its prompt. */
  private boolean waits(Sequence sequence, Tier tier) {
    return sequence.flow.tier == tier
        && !rows.has(sequence)
        && !rows.holds(sequence)
        && sequence.unplanned() > 0;
  }

  private static boolean goesOn(Sequence sequence, Which which) {
    return switch (which) {
      case OVERDUE -> sequence.passed >= PATIENCE;
      case ALONE -> sequence.flow.running == 1;
      case ALL -> true;
    };
  }

  /**
   * Starts sequences of tenants that have nothing running before a begun prompt of a tenant that
   * has more goes on, where it is their turn. Answers how many tokens.
   */
  private int overtake(Tier tier, int given) {
    int at = 0;
    while (at < begun && !waits(prefilling.get(at), tier)) {
      at++;
    }
    int left = given;
    while (at < begun && hasRoom(left) && !refused) {
      Sequence next = queue.first(tier);
      if (next == null
          || next.flow.running > 0
          || next.flow.counter > prefilling.get(at).flow.counter) {
        break;
      }
      left -= start(next, left);
    }
    return given - left;
  }

  /** Who was passed over by others of its tier has that to its credit, until it runs. */
  private void count(Tier tier) {
    for (int i = 0; i < begun; i++) {
      Sequence sequence = prefilling.get(i);
      if (sequence.flow.tier == tier) {
        sequence.passed =
            rows.has(sequence)
                ? Math.max(0, sequence.passed - 1)
                : Math.min(PATIENCE, sequence.passed + 1);
      }
    }
  }
}
