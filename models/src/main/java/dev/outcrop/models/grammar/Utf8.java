package dev.outcrop.models.grammar;

/** Ranges of characters as ranges of UTF-8 bytes (RFC 3629). */
final class Utf8 {
  private static final int[] LAST_OF_LENGTH = {0x7f, 0x7ff, 0xffff, 0x10ffff};

  private Utf8() {}

  /** Takes the bounds of some bytes that follow each other. */
  interface Sink {
    /**
     * One range of characters of equal length.
     *
     * @param low the least of each byte
     * @param high the most of each byte
     */
    void sequence(int[] low, int[] high);
  }

  /** Splits a range without surrogates. */
  static void split(int first, int last, Sink sink) {
    for (int end : LAST_OF_LENGTH) {
      if (first <= end && end < last) {
        split(first, end, sink);
        split(end + 1, last, sink);
        return;
      }
    }
    int length = length(first);
    for (int i = 1; i < length; i++) {
      int mask = (1 << (6 * i)) - 1;
      if ((first & ~mask) != (last & ~mask)) {
        if ((first & mask) != 0) {
          split(first, first | mask, sink);
          split((first | mask) + 1, last, sink);
          return;
        }
        if ((last & mask) != mask) {
          split(first, (last & ~mask) - 1, sink);
          split(last & ~mask, last, sink);
          return;
        }
      }
    }
    sink.sequence(bytes(first, length), bytes(last, length));
  }

  private static int length(int c) {
    int length = 1;
    while (c > LAST_OF_LENGTH[length - 1]) {
      length++;
    }
    return length;
  }

  private static int[] bytes(int c, int length) {
    if (length == 1) {
      return new int[] {c};
    }
    int[] bytes = new int[length];
    int rest = c;
    for (int i = length - 1; i > 0; i--) {
      bytes[i] = 0x80 | (rest & 0x3f);
      rest >>>= 6;
    }
    bytes[0] = ((0xf00 >>> length) & 0xff) | rest;
    return bytes;
  }
}
