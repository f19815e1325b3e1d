package dev.outcrop.models.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A finite automaton over bytes, in one state at a time. From every state but the first the end can
 * be reached; the first is 0. Immutable; two are equal only if they are the same object.
 */
final class Dfa {
  private static final int WIDE = 16;
  private static final int NARROW = 4;

  private final byte[] classOf;
  private final int classes;
  private final int[] next;
  private final BitSet accepting;
  private final BitSet boundary;
  private final BitSet leaf = new BitSet();
  private boolean wide;

  /**
   * Takes over its arguments and removes what leads nowhere.
   *
   * @param classOf for each byte which of the classes it belongs to
   * @param classes how many classes there are
   * @param next for each state and class the state that follows, or -1
   * @param accepting the states in which the text may end
   * @param boundary the states between two characters of a JSON string
   */
  Dfa(byte[] classOf, int classes, int[] next, BitSet accepting, BitSet boundary) {
    this.classOf = classOf;
    this.classes = classes;
    this.next = next;
    this.accepting = accepting;
    this.boundary = boundary;
    trim();
  }

  private void trim() {
    int states = states();
    int[] into = new int[states + 1]; // states that lead to each, by counting
    for (int to : next) {
      if (to >= 0) {
        into[to + 1]++;
      }
    }
    for (int s = 0; s < states; s++) {
      into[s + 1] += into[s];
    }
    int[] fill = into.clone();
    int[] from = new int[into[states]];
    for (int i = 0; i < next.length; i++) {
      if (next[i] >= 0) {
        from[fill[next[i]]++] = i / classes;
      }
    }
    BitSet live = (BitSet) accepting.clone();
    int[] todo = new int[states];
    int size = 0;
    for (int s = live.nextSetBit(0); s >= 0; s = live.nextSetBit(s + 1)) {
      todo[size++] = s;
    }
    while (size > 0) {
      int s = todo[--size];
      for (int i = into[s]; i < into[s + 1]; i++) {
        if (!live.get(from[i])) {
          live.set(from[i]);
          todo[size++] = from[i];
        }
      }
    }
    leaf.set(0, states);
    for (int i = 0; i < next.length; i++) {
      if (next[i] >= 0 && !live.get(next[i])) {
        next[i] = -1;
      }
      if (next[i] >= 0) {
        leaf.clear(i / classes);
      }
    }
    int[] bytesOf = new int[classes];
    for (byte c : classOf) {
      if ((c & 0xff) < classes) {
        bytesOf[c & 0xff]++;
      }
    }
    for (int row = 0; row < next.length && !wide; row += classes) {
      int bytes = 0;
      for (int c = 0; c < classes; c++) {
        bytes += next[row + c] >= 0 ? bytesOf[c] : 0;
      }
      wide = bytes > WIDE;
    }
  }

  /** Whether many bytes may follow somewhere, which makes it dear to try a vocabulary's tokens. */
  boolean isWide() {
    return wide;
  }

  /** Whether only few bytes may follow. */
  boolean isNarrow(int state) {
    int bytes = 0;
    for (int b = 0; b < 256 && bytes <= NARROW; b++) {
      bytes += next(state, b) >= 0 ? 1 : 0;
    }
    return bytes <= NARROW;
  }

  /** The state that follows, or -1. */
  int next(int state, int unsignedByte) {
    return next[state * classes + (classOf[unsignedByte] & 0xff)];
  }

  /** About the memory that it takes, in bytes. */
  long memory() {
    return 600 + 4L * next.length;
  }

  int states() {
    return classes == 0 ? 1 : next.length / classes;
  }

  boolean accepts(int state) {
    return accepting.get(state);
  }

  /** Whether nothing may follow. */
  boolean isLeaf(int state) {
    return leaf.get(state);
  }

  /** Whether a character of a JSON string begins or the string ends with the next byte. */
  boolean isBoundary(int state) {
    return boundary.get(state);
  }

  /** Whether no text is accepted, not even the empty one. */
  boolean isEmpty() {
    return leaf.get(0) && !accepting.get(0);
  }

  /** Whether it accepts a text. */
  boolean accepts(String text) {
    int state = 0;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      state = next(state, b & 0xff);
      if (state < 0) {
        return false;
      }
    }
    return accepts(state);
  }

  /** Exactly some texts. */
  static Dfa ofTexts(Collection<String> texts, Budget budget) {
    Map<Long, Integer> edges = new TreeMap<>();
    BitSet ends = new BitSet();
    BitSet used = new BitSet();
    int states = 1;
    for (String text : texts) {
      int state = 0;
      for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
        long key = (long) state << 8 | (b & 0xff);
        used.set(b & 0xff);
        Integer to = edges.get(key);
        if (to == null) {
          budget.made();
          to = states++;
          edges.put(key, to);
        }
        state = to;
      }
      ends.set(state);
    }
    byte[] classOf = new byte[256]; // class 0 leads nowhere, unless every byte is used
    int classes = used.cardinality() == 256 ? 0 : 1;
    for (int b = used.nextSetBit(0); b >= 0; b = used.nextSetBit(b + 1)) {
      classOf[b] = (byte) classes++;
    }
    budget.made(states * classes / 64);
    int width = classes;
    int[] next = new int[states * width];
    Arrays.fill(next, -1);
    edges.forEach(
        (key, to) -> next[(int) (key >>> 8) * width + (classOf[(int) (key & 0xff)] & 0xff)] = to);
    return new Dfa(classOf, width, next, ends, new BitSet());
  }

  /** The same within quotes, which do not occur inside but behind a backslash. */
  Dfa quoted(Budget budget) {
    int states = states();
    int quote = classes;
    byte[] withQuote = classOf.clone();
    withQuote['"'] = (byte) quote;
    int[] all = new int[(states + 2) * (classes + 1)];
    Arrays.fill(all, -1);
    budget.made(states);
    BitSet inside = new BitSet();
    all[quote] = 1;
    for (int s = 0; s < states; s++) {
      int row = (s + 1) * (classes + 1);
      for (int c = 0; c < classes; c++) {
        int to = next[s * classes + c];
        all[row + c] = to < 0 ? -1 : to + 1;
      }
      int escaped = next(s, '"');
      all[row + quote] = escaped >= 0 ? escaped + 1 : accepts(s) ? states + 1 : -1;
      inside.set(s + 1, isBoundary(s));
    }
    BitSet end = new BitSet();
    end.set(states + 1);
    return new Dfa(withQuote, classes + 1, all, end, inside);
  }

  /** What both accept. */
  Dfa and(Dfa other, Budget budget) {
    return product(other, true, budget);
  }

  /** What this accepts and the other does not. */
  Dfa minus(Dfa other, Budget budget) {
    return product(other, false, budget);
  }

  private Dfa product(Dfa other, boolean both, Budget budget) {
    Map<Integer, Integer> pairs = new HashMap<>();
    byte[] joint = new byte[256];
    int[] mine = new int[256];
    int[] theirs = new int[256];
    for (int b = 0; b < 256; b++) {
      int key = (classOf[b] & 0xff) << 8 | (other.classOf[b] & 0xff);
      int found = pairs.computeIfAbsent(key, _ -> pairs.size());
      joint[b] = (byte) found;
      mine[found] = classOf[b] & 0xff;
      theirs[found] = other.classOf[b] & 0xff;
    }
    int width = pairs.size();
    Map<Long, Integer> ids = new HashMap<>();
    long[] pairOf = new long[16];
    int[] table = new int[16 * width];
    BitSet ends = new BitSet();
    BitSet bounds = new BitSet();
    pairOf[0] = 1; // the second is one more than its state, 0 once it has died
    ids.put(pairOf[0], 0);
    for (int s = 0; s < ids.size(); s++) {
      int a = (int) (pairOf[s] >>> 32);
      int b = (int) pairOf[s] - 1;
      ends.set(s, accepts(a) && both == (b >= 0 && other.accepts(b)));
      bounds.set(s, isBoundary(a));
      budget.worked(width / 8);
      if ((s + 1) * width > table.length) {
        table = Arrays.copyOf(table, table.length * 2);
      }
      for (int c = 0; c < width; c++) {
        int toA = next[a * classes + mine[c]];
        int toB = b < 0 ? -1 : other.next[b * other.classes + theirs[c]];
        int to = -1;
        if (toA >= 0 && (toB >= 0 || !both)) {
          long key = (long) toA << 32 | (toB + 1);
          Integer known = ids.get(key);
          if (known == null) {
            budget.made(1 + width / 64);
            known = ids.size();
            ids.put(key, known);
            if (known == pairOf.length) {
              pairOf = Arrays.copyOf(pairOf, known * 2);
            }
            pairOf[known] = key;
          }
          to = known;
        }
        table[s * width + c] = to;
      }
    }
    return new Dfa(joint, width, Arrays.copyOf(table, ids.size() * width), ends, bounds);
  }
}
