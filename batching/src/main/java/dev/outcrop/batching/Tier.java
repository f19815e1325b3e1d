package dev.outcrop.batching;

/**
 * How soon a request is served, after Bedrock's service tiers. A higher tier goes before all lower
 * ones; {@link #FLEX} has a floor, so that it is slow but never starves.
 */
public enum Tier {
  /** Bought in advance. */
  RESERVED(0),
  /** Paid more for. */
  PRIORITY(1),
  /** What a request gets that does not say. */
  DEFAULT(2),
  /** Cheap, for work that can wait. */
  FLEX(3);

  private final int rank;

  Tier(int rank) {
    this.rank = rank;
  }

  /** 0 for the highest, without gaps. */
  public int rank() {
    return rank;
  }
}
