package dev.outcrop.batching.schedule;

import java.util.Arrays;

/**
 * Guesses how one sequence goes on: as it went on after the latest place where its last tokens
 * stood before (prompt lookup decoding, after Saxena, 2023, and LLMA, Yang et al., 2023). Four
 * tokens are looked for first, then three, then two; how often guesses were right is remembered for
 * each. Part of a {@link Sequence} and its thread.
 *
 * <p>The places lie in one table by the hash of their tokens, the latest one wins; what is found is
 * compared with the tokens themselves, so a hash that two share costs a guess and no more. A token
 * costs three stores, once; the table has four to eight numbers for each, at most {@value
 * #MOST_PLACES}.
 */
final class Drafter {
  static final int SHORTEST = 2;
  static final int LONGEST = 4;
  static final int LENGTHS = LONGEST - SHORTEST + 1;
  private static final int PLACES_PER_TOKEN = 4;
  private static final int ROOM = 256; // for tokens to come
  private static final int MOST_PLACES = 1 << 20;
  private static final double MEMORY = 0.2;
  private static final double FORGETTING = 0.002;
  private static final int[] NONE = {};

  private int[] table = NONE;
  private int indexed;
  private final double[] right = new double[LENGTHS];
  private int matched;

  Drafter() {
    Arrays.fill(right, Double.NaN); // not known yet
  }

  /**
   * Where the tokens stand that the sequence may go on with, or 0 where there is no such place.
   *
   * @param tokens the sequence's tokens
   * @param length how many of them there are
   * @param expected how often guesses of other sequences were right, by length
   */
  int find(int[] tokens, int length, double[] expected, TokenBuffers buffers) {
    if (table.length == 0) {
      int places = (int) Math.min(MOST_PLACES, (long) PLACES_PER_TOKEN * (length + ROOM));
      table = buffers.take(places);
      Arrays.fill(table, 0);
    }
    for (int end = Math.max(indexed, SHORTEST); end < length; end++) {
      for (int n = SHORTEST; n <= Math.min(LONGEST, end); n++) {
        table[place(tokens, end, n)] = end;
      }
    }
    indexed = length;
    for (int n = Math.min(LONGEST, length - 1); n >= SHORTEST; n--) {
      int end = table[place(tokens, length, n)];
      if (end >= n && Arrays.equals(tokens, end - n, end, tokens, length - n, length)) {
        matched = n - SHORTEST;
        if (Double.isNaN(right[matched])) {
          right[matched] = expected[matched];
        }
        return end;
      }
    }
    return 0;
  }

  private int place(int[] tokens, int end, int n) {
    int hash = n;
    for (int i = end - n; i < end; i++) {
      hash = (hash ^ tokens[i]) * 0x9E3779B1;
      hash ^= hash >>> 15;
    }
    return hash & (table.length - 1);
  }

  /** How likely the next token is as the last {@link #find} says, from 0 to 1. */
  double right() {
    return right[matched];
  }

  /** What was found was not tried: it may be better than it was by now. */
  void declined(double[] expected) {
    right[matched] += FORGETTING * (Math.max(expected[matched], 0.5) - right[matched]);
  }

  /** So many guesses were tried; the first ones were right, up to this many. */
  void tried(int drafted, int accepted, double[] expected) {
    learn(right, matched, drafted, accepted, MEMORY);
    learn(expected, matched, drafted, accepted, MEMORY / 10);
  }

  private static void learn(double[] known, int at, int drafted, int accepted, double memory) {
    for (int i = 0; i < accepted; i++) {
      known[at] += memory * (1 - known[at]);
    }
    if (accepted < drafted) {
      known[at] -= memory * known[at];
    }
  }

  void end(TokenBuffers buffers) {
    if (table.length > 0) {
      buffers.give(table);
      table = NONE;
    }
  }
}
