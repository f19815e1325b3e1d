package dev.outcrop.models.grammar;

import org.jspecify.annotations.Nullable;

/**
 * What is to come once a rule is read: the rest of a rule that holds it, and then what is below.
 * Frames are shared and never changed; equal ones stand for the same future.
 */
final class Frame {
  final Rule rule;
  final int at;
  final int most;
  final int depth;
  final @Nullable Frame below;
  private final int hash;

  /**
   * Makes a frame.
   *
   * @param rule a sequence or a repetition
   * @param at of a sequence the next part, of a repetition how many more there have to be
   * @param most of a repetition how many more there may be
   * @param depth the level of nesting that the rest is on
   * @param below what is to come then, or null for the end
   */
  Frame(Rule rule, int at, int most, int depth, @Nullable Frame below) {
    this.rule = rule;
    this.at = at;
    this.most = most;
    this.depth = depth;
    this.below = below;
    int mix = System.identityHashCode(rule) * 31 + at;
    hash = (mix * 31 + most) * 0x9E3779B9 + (below == null ? 0 : below.hash * 31);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    Frame a = this;
    Object b = other;
    while (b instanceof Frame f) { // a chain may be long
      if (a == f) {
        return true;
      }
      if (a.hash != f.hash
          || !a.rule.equals(f.rule)
          || a.at != f.at
          || a.most != f.most
          || a.depth != f.depth) {
        return false;
      }
      if (a.below == null || f.below == null) {
        return a.below == null && f.below == null;
      }
      a = a.below;
      b = f.below;
    }
    return false;
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
