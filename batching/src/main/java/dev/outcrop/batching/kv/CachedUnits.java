package dev.outcrop.batching.kv;

import java.util.Arrays;

/** How many units are kept for reuse only, for each owner. Part of a {@link KvCache}. */
final class CachedUnits {
  private final int quota;
  private int[] byOwner = new int[4];
  private int all;

  /** None, for owners that may keep so many each. */
  CachedUnits(int quota) {
    this.quota = quota;
  }

  void add(int owner, int units) {
    if (owner >= byOwner.length) {
      byOwner = Arrays.copyOf(byOwner, 2 * (owner + 1));
    }
    byOwner[owner] += units;
    all += units;
  }

  int all() {
    return all;
  }

  int of(int owner) {
    return owner < byOwner.length ? byOwner[owner] : 0;
  }

  /** Units of an owner beyond its quota; below zero where there are fewer. */
  int excess(int owner) {
    return byOwner[owner] - quota;
  }
}
