package dev.outcrop.models.grammar;

import java.util.Arrays;

/** A set of Unicode scalar values (code points but surrogates) as sorted ranges. Immutable. */
final class CodePoints {
  private static final int MAX = Character.MAX_CODE_POINT;
  private static final int SURROGATES = Character.MIN_SURROGATE;
  private static final int SURROGATES_END = Character.MAX_SURROGATE;

  static final CodePoints NONE = new CodePoints(new int[0]);
  static final CodePoints ALL =
      new CodePoints(new int[] {0, SURROGATES - 1, SURROGATES_END + 1, MAX});

  private final int[] bounds; // first and last of each range

  private CodePoints(int[] bounds) {
    this.bounds = bounds;
  }

  static CodePoints of(int first, int last) {
    return new CodePoints(new int[] {first, last}).and(ALL);
  }

  static CodePoints of(int only) {
    return of(only, only);
  }

  /** Every character of a text. */
  static CodePoints of(String characters) {
    CodePoints all = NONE;
    for (int c : characters.codePoints().toArray()) {
      all = all.or(of(c));
    }
    return all;
  }

  /** The characters of some general categories of Unicode. */
  static CodePoints ofCategories(int mask) {
    int[] found = new int[64];
    int size = 0;
    for (int c = 0; c <= MAX; c++) {
      if ((mask >>> Character.getType(c) & 1) == 0) {
        continue;
      }
      int first = c;
      while (c < MAX && (mask >>> Character.getType(c + 1) & 1) != 0) {
        c++;
      }
      if (size == found.length) {
        found = Arrays.copyOf(found, size * 2);
      }
      found[size++] = first;
      found[size++] = c;
    }
    return new CodePoints(Arrays.copyOf(found, size)).and(ALL);
  }

  int ranges() {
    return bounds.length / 2;
  }

  int first(int range) {
    return bounds[2 * range];
  }

  int last(int range) {
    return bounds[2 * range + 1];
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  CodePoints or(CodePoints other) {
    return not().and(other.not()).not();
  }

  CodePoints minus(CodePoints other) {
    return and(other.not());
  }

  CodePoints and(CodePoints other) {
    int[] out = new int[bounds.length + other.bounds.length];
    int size = 0;
    for (int i = 0, k = 0; i < bounds.length && k < other.bounds.length; ) {
      int first = Math.max(bounds[i], other.bounds[k]);
      int last = Math.min(bounds[i + 1], other.bounds[k + 1]);
      if (first <= last) {
        out[size++] = first;
        out[size++] = last;
      }
      if (bounds[i + 1] < other.bounds[k + 1]) {
        i += 2;
      } else {
        k += 2;
      }
    }
    return new CodePoints(Arrays.copyOf(out, size));
  }

  CodePoints not() {
    int[] out = new int[bounds.length + 2];
    int size = 0;
    int next = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      if (bounds[i] > next) {
        out[size++] = next;
        out[size++] = bounds[i] - 1;
      }
      next = bounds[i + 1] + 1;
    }
    if (next <= MAX) {
      out[size++] = next;
      out[size++] = MAX;
    }
    return new CodePoints(Arrays.copyOf(out, size)).and(ALL); // surrogates are in no set
  }
}
