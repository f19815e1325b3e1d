package dev.outcrop.batching;

import java.util.Locale;
import java.util.Optional;

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

  /** Its name in requests and in the key file. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The tier of a word, if there is one. */
  public static Optional<Tier> of(String word) {
    for (Tier tier : values()) {
      if (tier.word().equals(word)) {
        return Optional.of(tier);
      }
    }
    return Optional.empty();
  }
}
