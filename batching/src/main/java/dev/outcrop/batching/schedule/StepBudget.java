package dev.outcrop.batching.schedule;

import dev.outcrop.models.engine.StepPlan;

/**
 * How many prompt tokens may join the decodes of a step, so that the time between two tokens keeps
 * its target (the token budget of Sarathi-Serve, Agrawal et al., OSDI 2024), found from measured
 * steps in place of a profile: the budget grows while steps stay below their limit and shrinks in
 * proportion when one goes above.
 *
 * <p>The limit of a step is the target, or {@value #HEADROOM} times what the decodes take alone
 * where that is more, so that prompts always get on. What decodes take alone is known from steps
 * without prompt tokens; one in {@value #PROBE_AFTER} steps is kept free of them to know it still.
 */
final class StepBudget implements StepMix {
  static final double HEADROOM = 1.2;
  static final int PROBE_AFTER = 256;
  static final long NO_TARGET = Long.MAX_VALUE;
  private static final int SIZES = 32;
  private static final double MEMORY = 0.1;
  private static final double MOST_GROWTH = 1.15;
  private static final double MOST_CUT = 0.5;

  private final int least;
  private final int most;
  private final long targetNanos;
  private final double[] decodeNanos = new double[SIZES];
  private final int[] sinceProbe = new int[SIZES];
  private double budget;
  private double prefillTime;
  private double prefillTokens;

  /**
   * Creates a budget.
   *
   * @param least prompt tokens that a step may always have
   * @param most tokens of a step at most
   * @param targetNanos the time between two tokens to keep; 0 for as little as keeps prompts going,
   *     {@link #NO_TARGET} for steps as large as they may be
   */
  StepBudget(int least, int most, long targetNanos) {
    this.least = Math.min(least, most);
    this.most = most;
    this.targetNanos = targetNanos;
    this.budget = this.least;
  }

  @Override
  public boolean promptsFirst(int decodes, boolean urgent) {
    return false;
  }

  @Override
  public boolean drafts() {
    return true;
  }

  @Override
  public int promptRows() {
    return most;
  }

  @Override
  public void shape(StepPlan plan, int decodes) {}

  @Override
  public int promptTokens(int decodes) {
    if (decodes == 0 || targetNanos == NO_TARGET) {
      return most;
    }
    int size = size(decodes);
    if (decodeNanos[size] == 0 || sinceProbe[size] >= PROBE_AFTER) {
      return 0;
    }
    int whole = (int) Math.min(budget, most - decodes);
    return whole >= 2 * least ? whole / least * least : whole;
  }

  @Override
  public void measured(int decodes, int promptTokens, long nanos) {
    prefillMeasured(decodes, promptTokens, nanos);
    if (decodes == 0) {
      return;
    }
    int size = size(decodes);
    if (promptTokens == 0) {
      double before = decodeNanos[size];
      decodeNanos[size] = before == 0 ? nanos : before + MEMORY * (nanos - before);
      sinceProbe[size] = 0;
      return;
    }
    sinceProbe[size]++;
    double limit = Math.max((double) targetNanos, HEADROOM * decodeNanos[size]);
    if (nanos > limit) {
      budget = Math.max(least, budget * Math.max(MOST_CUT, limit / nanos));
    } else if (promptTokens >= promptTokens(decodes)) {
      budget = Math.min(most, budget * Math.min(MOST_GROWTH, limit / nanos));
    }
  }

  /**
   * What prompt tokens take beside decodes is what the step takes longer than the decodes alone,
   * and at least their share of its tokens: beside decodes that wait for memory they seem free.
   */
  private void prefillMeasured(int decodes, int promptTokens, long nanos) {
    double alone = decodeNanos(decodes);
    if (promptTokens == 0 || (decodes > 0 && alone == 0)) {
      return;
    }
    double share = (double) nanos * promptTokens / (promptTokens + decodes);
    double took = Math.max(share, nanos - alone);
    double memory = prefillTokens == 0 ? 1 : MEMORY;
    prefillTime += memory * (took - prefillTime);
    prefillTokens += memory * (promptTokens - prefillTokens);
  }

  @Override
  public double decodeNanos(int decodes) {
    return decodes == 0 ? 0 : decodeNanos[size(decodes)];
  }

  @Override
  public double prefillNanos() {
    return prefillTokens == 0 ? 0 : prefillTime / prefillTokens;
  }

  /** Batches of about the same size share a measurement: two sizes per power of two. */
  static int size(int decodes) {
    int log = 31 - Integer.numberOfLeadingZeros(decodes);
    int half = log == 0 ? 0 : (decodes >> (log - 1)) & 1;
    return Math.min(SIZES - 1, 2 * log + half);
  }
}
