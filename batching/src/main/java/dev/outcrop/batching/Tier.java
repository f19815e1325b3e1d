package dev.outcrop.batching;

/**
 * How soon a request is served, after Bedrock's service tiers. A higher tier goes before all lower
 * ones; {@link #FLEX} has a floor, so that it is slow but never starves.
 */
public enum Tier {
  /** Bought in advance. */
  RESERVED,
  /** Paid more for. */
  PRIORITY,
  /** What a request gets that does not say. */
  DEFAULT,
  /** Cheap, for work that can wait. */
  FLEX
}
