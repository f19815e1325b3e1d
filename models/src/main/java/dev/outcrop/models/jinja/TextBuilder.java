package dev.outcrop.models.jinja;

import java.util.Arrays;

/** Collects text of mixed origin within a budget; the one place where strings grow. */
final class TextBuilder {
  private final Budget budget;
  private final StringBuilder chars = new StringBuilder();
  private int[] flips = new int[4];
  private int flipCount;
  private boolean first = true;
  private boolean last = true;

  TextBuilder(Budget budget) {
    this.budget = budget;
  }

  TextBuilder append(Text text) {
    return append(text, 0, text.length());
  }

  TextBuilder append(Text text, int from, int to) {
    text.forEachRange(from, to, (start, end, trusted) -> add(text.chars(), start, end, trusted));
    return this;
  }

  TextBuilder append(String text, boolean trusted) {
    add(text, 0, text.length(), trusted);
    return this;
  }

  TextBuilder appendCodePoint(int codePoint, boolean trusted) {
    return append(Character.toString(codePoint), trusted);
  }

  private void add(String text, int from, int to, boolean trusted) {
    if (from >= to) {
      return;
    }
    budget.checkCharacters((long) chars.length() + to - from);
    budget.spendCharacters(to - from);
    // Once here and once in the string.
    budget.allocate(2L * Character.BYTES * (to - from));
    if (chars.isEmpty()) {
      first = trusted;
    } else if (trusted != last) {
      budget.allocate(2L * Integer.BYTES);
      if (flipCount == flips.length) {
        flips = Arrays.copyOf(flips, 2 * flipCount);
      }
      flips[flipCount++] = chars.length();
    }
    last = trusted;
    chars.append(text, from, to);
  }

  int length() {
    return chars.length();
  }

  Text build() {
    budget.allocate(Budget.STRING);
    return new Text(chars.toString(), first, Arrays.copyOf(flips, flipCount));
  }
}
