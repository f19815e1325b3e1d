package dev.outcrop.models.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * An automaton over bytes that may be in several states at once (Thompson's construction), from
 * regular expressions over characters. For one thread.
 */
final class Nfa {
  /** How characters become bytes. */
  enum Writing {
    /** As UTF-8. */
    PLAIN,
    /** As within the quotes of a JSON string, escaped only where it has to be. */
    JSON
  }

  /** Kinds of edges that take no byte. */
  static final int ALWAYS = -1;

  static final int AT_BEGIN = -2;
  static final int AT_END = -3;

  private static final CodePoints ESCAPED =
      CodePoints.of(0, 0x1f).or(CodePoints.of('"')).or(CodePoints.of('\\'));

  private final Budget budget;
  private final Writing writing;
  private final BitSet boundary = new BitSet();
  private int[] firstEdge = new int[64];
  private int states;
  private int[] low = new int[128]; // or the kind of an edge without a byte
  private int[] high = new int[128];
  private int[] target = new int[128];
  private int[] nextEdge = new int[128];
  private int edges;
  private int units;

  Nfa(Writing writing, Budget budget) {
    this.writing = writing;
    this.budget = budget;
  }

  int states() {
    return states;
  }

  /** Whether a character is whole in a state. */
  boolean isBoundary(int state) {
    return boundary.get(state);
  }

  /** Makes a state. */
  int state(boolean isBoundary) {
    budget.made();
    if (states == firstEdge.length) {
      firstEdge = Arrays.copyOf(firstEdge, states * 2);
    }
    firstEdge[states] = -1;
    boundary.set(states, isBoundary && units == 0);
    return states++;
  }

  /** The first edge that leaves a state, or -1. */
  int firstEdge(int state) {
    return firstEdge[state];
  }

  int nextEdge(int edge) {
    return nextEdge[edge];
  }

  int low(int edge) {
    return low[edge];
  }

  int high(int edge) {
    return high[edge];
  }

  int target(int edge) {
    return target[edge];
  }

  int edges() {
    return edges;
  }

  /** Adds an edge for a range of bytes, or one of the kinds that take none. */
  void edge(int from, int least, int most, int to) {
    budget.worked(1);
    if (edges == low.length) {
      low = Arrays.copyOf(low, edges * 2);
      high = Arrays.copyOf(high, edges * 2);
      target = Arrays.copyOf(target, edges * 2);
      nextEdge = Arrays.copyOf(nextEdge, edges * 2);
    }
    low[edges] = least;
    high[edges] = most;
    target[edges] = to;
    nextEdge[edges] = firstEdge[from];
    firstEdge[from] = edges++;
  }

  private void free(int kind, int from, int to) {
    edge(from, kind, kind, to);
  }

  /** Adds an expression behind a state; gives the state behind it. */
  int add(Regex regex, int from) {
    return switch (regex) {
      case Regex.Chars(var set) -> characters(set, from);
      case Regex.Cat(var parts) -> {
        int at = from;
        for (Regex part : parts) {
          at = add(part, at);
        }
        yield at;
      }
      case Regex.Or(var choices) -> {
        int to = state(true);
        for (Regex choice : choices) {
          int begin = state(true);
          free(ALWAYS, from, begin);
          free(ALWAYS, add(choice, begin), to);
        }
        yield to;
      }
      case Regex.Repeat repeat -> repeat(repeat, from);
      case Regex.Unit(var inner) -> {
        units++;
        int end = add(inner, from);
        units--;
        int to = state(true);
        free(ALWAYS, end, to);
        yield to;
      }
      case Regex.Begin _ -> {
        int to = state(true);
        free(AT_BEGIN, from, to);
        yield to;
      }
      case Regex.End _ -> {
        int to = state(true);
        free(AT_END, from, to);
        yield to;
      }
    };
  }

  private int repeat(Regex.Repeat repeat, int from) {
    int at = from;
    for (int i = 0; i < repeat.least(); i++) {
      at = add(repeat.inner(), at);
    }
    if (repeat.most() < 0) {
      int loop = state(true);
      free(ALWAYS, at, loop);
      int end = add(repeat.inner(), loop);
      free(ALWAYS, end, loop);
      return loop;
    }
    int to = state(true);
    for (int i = repeat.least(); i < repeat.most(); i++) {
      free(ALWAYS, at, to);
      at = add(repeat.inner(), at);
    }
    free(ALWAYS, at, to);
    return to;
  }

  private int characters(CodePoints set, int from) {
    int to = state(true);
    CodePoints plain = writing == Writing.PLAIN ? set : set.minus(ESCAPED);
    Map<Long, Integer> tails = new HashMap<>();
    for (int i = 0; i < plain.ranges(); i++) {
      Utf8.split(
          plain.first(i), plain.last(i), (least, most) -> sequence(least, most, from, to, tails));
    }
    if (writing == Writing.JSON && ESCAPED.minus(set).isEmpty()) {
      anyEscape(from, to);
    } else if (writing == Writing.JSON) {
      CodePoints escaped = set.and(ESCAPED);
      for (int i = 0; i < escaped.ranges(); i++) {
        for (int c = escaped.first(i); c <= escaped.last(i); c++) {
          byte[] bytes = JsonText.escape(c).getBytes(StandardCharsets.US_ASCII);
          int[] each = new int[bytes.length];
          Arrays.setAll(each, k -> bytes[k]);
          sequence(each, each, from, to, tails);
        }
      }
    }
    return to;
  }

  /** Every character that has to be escaped, in few states: sets have mostly all or none. */
  private void anyEscape(int from, int to) {
    int at = state(false);
    edge(from, '\\', '\\', at);
    for (char c : "\"\\bfnrt".toCharArray()) {
      edge(at, c, c, to);
    }
    for (char c : "u00".toCharArray()) {
      int next = state(false);
      edge(at, c, c, next);
      at = next;
    }
    int last = state(false);
    edge(at, '0', '1', last);
    edge(last, '0', '9', to);
    edge(last, 'a', 'f', to);
  }

  /** Adds bytes one after the other; sequences of one set share their ends. */
  private void sequence(int[] least, int[] most, int from, int to, Map<Long, Integer> tails) {
    int next = to;
    for (int i = least.length - 1; i > 0; i--) {
      long key = (((long) next << 8 | least[i]) << 8) | most[i];
      Integer known = tails.get(key);
      if (known == null) {
        known = state(false);
        edge(known, least[i], most[i], next);
        tails.put(key, known);
      }
      next = known;
    }
    edge(from, least[0], most[0], next);
  }
}
