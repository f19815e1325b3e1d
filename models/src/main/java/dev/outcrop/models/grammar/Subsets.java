package dev.outcrop.models.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes an automaton that is in one state at a time: its states are the sets of the other's. */
final class Subsets {
  private final Nfa nfa;
  private final Budget budget;
  private final int end;
  private final byte[] classOf = new byte[256];
  private final int[] sample = new int[256]; // a byte of each class
  private int classes;
  private int[] stamp;
  private int clock;
  private int[] stack = new int[64];

  private Subsets(Nfa nfa, int end, Budget budget) {
    this.nfa = nfa;
    this.end = end;
    this.budget = budget;
    stamp = new int[nfa.states()];
    makeClasses();
  }

  /** The automaton of a regular expression that has to match the whole text. */
  static Dfa of(Regex regex, Nfa.Writing writing, Budget budget) {
    Nfa nfa = new Nfa(writing, budget);
    int start = nfa.state(true);
    int end = nfa.add(regex, start);
    return new Subsets(nfa, end, budget).run(start);
  }

  /** Bytes that no edge tells apart are one class. */
  private void makeClasses() {
    boolean[] begins = new boolean[257];
    begins[0] = true;
    for (int e = 0; e < nfa.edges(); e++) {
      if (nfa.low(e) >= 0) {
        begins[nfa.low(e)] = true;
        begins[nfa.high(e) + 1] = true;
      }
    }
    for (int b = 0; b < 256; b++) {
      if (begins[b]) {
        sample[classes++] = b;
      }
      classOf[b] = (byte) (classes - 1);
    }
  }

  private Dfa run(int start) {
    Map<States, Integer> ids = new HashMap<>();
    List<int[]> sets = new ArrayList<>();
    int[] first = closure(new int[] {start}, 1, true);
    sets.add(first); // not by its key: only here is the text's begin
    int[] next = new int[16 * classes];
    BitSet accepting = new BitSet();
    BitSet boundary = new BitSet();
    int[] reached = new int[64];
    for (int s = 0; s < sets.size(); s++) {
      int[] members = sets.get(s);
      accepting.set(s, accepts(members, s == 0));
      boundary.set(s, Arrays.stream(members).anyMatch(nfa::isBoundary));
      if ((s + 1) * classes > next.length) {
        next = Arrays.copyOf(next, next.length * 2);
      }
      for (int c = 0; c < classes; c++) {
        int size = 0;
        for (int member : members) {
          for (int e = nfa.firstEdge(member); e >= 0; e = nfa.nextEdge(e)) {
            if (nfa.low(e) <= sample[c] && sample[c] <= nfa.high(e)) {
              if (size == reached.length) {
                reached = Arrays.copyOf(reached, size * 2);
              }
              reached[size++] = nfa.target(e);
            }
          }
        }
        budget.worked(1 + members.length / 16);
        int to = -1;
        if (size > 0) {
          int[] closed = closure(reached, size, false);
          Integer known = ids.putIfAbsent(new States(closed), sets.size());
          if (known == null) {
            budget.made(1 + (classes + closed.length) / 64);
            sets.add(closed);
          }
          to = known == null ? sets.size() - 1 : known;
        }
        next[s * classes + c] = to;
      }
    }
    return new Dfa(
        classOf, classes, Arrays.copyOf(next, sets.size() * classes), accepting, boundary);
  }

  /** The states that are reached without a byte, sorted. */
  private int[] closure(int[] from, int size, boolean atBegin) {
    int count = reach(from, size, atBegin, false);
    int[] closed = Arrays.copyOf(stack, count);
    Arrays.sort(closed);
    return closed;
  }

  private boolean accepts(int[] members, boolean atBegin) {
    int count = reach(members, members.length, atBegin, true);
    for (int i = 0; i < count; i++) {
      if (stack[i] == end) {
        return true;
      }
    }
    return false;
  }

  /** Fills the stack with what is reached and gives its number. */
  private int reach(int[] from, int size, boolean atBegin, boolean atEnd) {
    clock++;
    int count = 0;
    for (int i = 0; i < size; i++) {
      count = visit(from[i], count);
    }
    for (int i = 0; i < count; i++) {
      for (int e = nfa.firstEdge(stack[i]); e >= 0; e = nfa.nextEdge(e)) {
        int kind = nfa.low(e);
        if (kind == Nfa.ALWAYS
            || (kind == Nfa.AT_BEGIN && atBegin)
            || (kind == Nfa.AT_END && atEnd)) {
          count = visit(nfa.target(e), count);
        }
      }
    }
    budget.worked(1 + count / 16);
    return count;
  }

  private int visit(int state, int count) {
    if (stamp[state] == clock) {
      return count;
    }
    stamp[state] = clock;
    if (count == stack.length) {
      stack = Arrays.copyOf(stack, count * 2);
    }
    stack[count] = state;
    return count + 1;
  }

  /** Some states of the other automaton as a key. */
  private static final class States {
    private final int[] members;
    private final int hash;

    States(int[] members) {
      this.members = members;
      hash = Arrays.hashCode(members);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof States set && Arrays.equals(members, set.members);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }
}
