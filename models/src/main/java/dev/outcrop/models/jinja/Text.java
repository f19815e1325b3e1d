package dev.outcrop.models.jinja;

import java.util.Arrays;

/**
 * Characters that remember who wrote them: the template (trusted) or a request. Immutable.
 *
 * <p>Trust is kept as the positions at which it flips, so text of one origin, the usual case, costs
 * nothing. Positions count UTF-16 units; Python counts code points, and {@link #codePoints}, {@link
 * #offset} translate.
 */
public final class Text {
  /** No characters. */
  static final Text EMPTY = new Text("", true, new int[0]);

  private static final int MAX_SHOWN = 1000;

  private final String chars;
  private final boolean first;
  private final int[] flips;
  private final int codePoints;

  Text(String chars, boolean first, int[] flips) {
    this.chars = chars;
    this.first = first;
    this.flips = flips;
    this.codePoints = chars.codePointCount(0, chars.length());
  }

  /** Text that the template or the checkpoint wrote. */
  public static Text trusted(String chars) {
    return new Text(chars, true, new int[0]);
  }

  /** Text that came with a request. */
  public static Text untrusted(String chars) {
    return new Text(chars, false, new int[0]);
  }

  static Text of(String chars, boolean trusted) {
    return new Text(chars, trusted, new int[0]);
  }

  /** Called for each run of characters of one origin, in order. */
  public interface RunVisitor {
    /** A run that is not empty; its neighbours have the other origin. */
    void run(String chars, boolean trusted);
  }

  /** Visits the runs in order; empty text has none. */
  public void forEachRun(RunVisitor visitor) {
    forEachRange(
        0, length(), (from, to, trusted) -> visitor.run(chars.substring(from, to), trusted));
  }

  interface RangeVisitor {
    void range(int from, int to, boolean trusted);
  }

  void forEachRange(int from, int to, RangeVisitor visitor) {
    int run = firstFlipAfter(from);
    int start = from;
    while (start < to) {
      int end = run < flips.length ? Math.min(flips[run], to) : to;
      visitor.range(start, end, trustOfRun(run));
      start = end;
      run++;
    }
  }

  private boolean trustOfRun(int run) {
    return first == ((run & 1) == 0);
  }

  private int firstFlipAfter(int position) {
    int found = Arrays.binarySearch(flips, position);
    return found >= 0 ? found + 1 : -found - 1;
  }

  /** The characters alone. */
  public String chars() {
    return chars;
  }

  int length() {
    return chars.length();
  }

  boolean isEmpty() {
    return chars.isEmpty();
  }

  boolean trustedAt(int position) {
    return trustOfRun(firstFlipAfter(position));
  }

  boolean allTrusted() {
    return isEmpty() || (first && flips.length == 0);
  }

  boolean uniform() {
    return flips.length == 0;
  }

  /** The characters from one UTF-16 position to another. */
  Text slice(int from, int to, Budget budget) {
    if (from == 0 && to == length()) {
      return this;
    }
    if (from >= to) {
      return EMPTY;
    }
    budget.makeString(to - from);
    int low = firstFlipAfter(from);
    int high = low;
    while (high < flips.length && flips[high] < to) {
      high++;
    }
    budget.allocate((long) Integer.BYTES * (high - low));
    int[] inside = Arrays.copyOfRange(flips, low, high);
    for (int i = 0; i < inside.length; i++) {
      inside[i] -= from;
    }
    return new Text(chars.substring(from, to), trustOfRun(low), inside);
  }

  /** The length as Python counts it. */
  int codePoints() {
    return codePoints;
  }

  /** The UTF-16 position of a code point's index. */
  int offset(int codePoint, Budget budget) {
    if (codePoints == length()) {
      return codePoint;
    }
    budget.spendCharacters(codePoint);
    return chars.offsetByCodePoints(0, codePoint);
  }

  /** The code point's index of a UTF-16 position. */
  int index(int position, Budget budget) {
    if (codePoints == length()) {
      return position;
    }
    budget.spendCharacters(position);
    return chars.codePointCount(0, position);
  }

  /** The first trusted characters, with a mark where others were left out; safe to show. */
  String withoutUserText() {
    var shown = new StringBuilder();
    forEachRange(
        0,
        Math.min(length(), MAX_SHOWN),
        (from, to, trusted) -> {
          if (trusted) {
            shown.append(chars, from, to);
          } else {
            shown.append("[...]");
          }
        });
    return length() > MAX_SHOWN ? shown.append("...").toString() : shown.toString();
  }

  /** Redacted: may hold prompt text. */
  @Override
  public String toString() {
    return "Text[characters=" + length() + "]";
  }
}
