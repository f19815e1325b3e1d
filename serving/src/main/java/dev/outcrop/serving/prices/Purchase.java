package dev.outcrop.serving.prices;

import java.util.Locale;

/** How an instance is paid for. */
public enum Purchase {
  /** By the second, whenever there are some. */
  ON_DEMAND,
  /** For a year or three. */
  RESERVED,
  /** What is left over, which may be taken away at two minutes' notice. */
  SPOT,
  /** For some days that were booked ahead. */
  CAPACITY_BLOCK;

  /** As files and options spell it: {@code on-demand}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public String toString() {
    return word();
  }
}
