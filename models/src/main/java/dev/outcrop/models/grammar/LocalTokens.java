package dev.outcrop.models.grammar;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the tokens of a vocabulary do in one state of one automaton, whatever comes behind it: those
 * that stay inside, and where the automaton can be left within or at the end of a token. Immutable.
 */
final class LocalTokens {
  private static final int DENSE = 256;

  private final int[] inside;
  private final byte @Nullable [] characters;
  private final int mostCharacters;
  private final long @Nullable [] bits;
  private final int[] exits;
  private final byte @Nullable [] exitCharacters;
  private final int work;

  private LocalTokens(Walk walk) {
    inside = Arrays.copyOf(walk.inside, walk.insideSize);
    exits = Arrays.copyOf(walk.exits, walk.exitSize);
    mostCharacters = walk.mostCharacters;
    boolean counts = walk.counts;
    characters = counts ? Arrays.copyOf(walk.insideCharacters, walk.insideSize) : null;
    exitCharacters = counts ? Arrays.copyOf(walk.exitCharacters, walk.exitSize) : null;
    bits = inside.length < DENSE ? null : new long[walk.words];
    if (bits != null) {
      for (int id : inside) {
        bits[id >> 6] |= 1L << id;
      }
    }
    work = walk.visits;
  }

  /** Tries every token. */
  static LocalTokens of(TokenTrie trie, Dfa dfa, int state, int words) {
    return new LocalTokens(new Walk(trie, dfa, state, words));
  }

  /** Adds the tokens that stay inside and begin no more characters than these. */
  void addInside(long[] to, int most) {
    if (bits != null && most >= mostCharacters) {
      for (int i = 0; i < bits.length; i++) {
        to[i] |= bits[i];
      }
      return;
    }
    for (int i = 0; i < inside.length; i++) {
      if (characters == null || (characters[i] & 0xff) <= most) {
        to[inside[i] >> 6] |= 1L << inside[i];
      }
    }
  }

  /** How many places there are where the automaton can be left. */
  int exits() {
    return exits.length;
  }

  /** A node of the tree of tokens behind whose bytes the automaton can be left. */
  int exit(int index) {
    return exits[index];
  }

  /** Whether a JSON string may end there that needs and takes as many characters. */
  boolean exitFits(int index, int least, int most) {
    int count = exitCharacters == null ? 0 : exitCharacters[index] & 0xff;
    return exitCharacters == null || (count >= least && count <= most);
  }

  /** Nodes that were looked at to find this out. */
  int work() {
    return work;
  }

  /** About the memory that it takes. */
  int memory() {
    return 64 + 5 * (inside.length + exits.length) + (bits == null ? 0 : 8 * bits.length);
  }

  private static final class Walk {
    private final int words;
    private final boolean counts;
    private int[] inside = new int[16];
    private byte[] insideCharacters = new byte[16];
    private int insideSize;
    private int[] exits = new int[4];
    private byte[] exitCharacters = new byte[4];
    private int exitSize;
    private int mostCharacters;
    private int visits;

    Walk(TokenTrie trie, Dfa dfa, int state, int words) {
      this.words = words;
      int[] states = new int[trie.deepest() + 1];
      int[] begun = new int[trie.deepest() + 1];
      boolean counted = false;
      states[0] = state;
      int node = 1;
      while (node < trie.size()) {
        visits++;
        int depth = trie.depth(node);
        int from = states[depth - 1];
        int b = trie.edge(node);
        int to = dfa.next(from, b);
        if (to < 0) {
          node = trie.end(node);
          continue;
        }
        boolean begins = dfa.isBoundary(from) && b != '"';
        counted |= dfa.isBoundary(from);
        states[depth] = to;
        begun[depth] = begun[depth - 1] + (begins ? 1 : 0);
        if (dfa.accepts(to)) {
          exit(node, begun[depth]);
        } else {
          for (int id = trie.token(node); id >= 0; id = trie.another(id)) {
            inside(id, begun[depth]);
          }
        }
        node = dfa.isLeaf(to) ? trie.end(node) : node + 1;
      }
      counts = counted;
    }

    private void inside(int id, int count) {
      if (insideSize == inside.length) {
        inside = Arrays.copyOf(inside, insideSize * 2);
        insideCharacters = Arrays.copyOf(insideCharacters, insideSize * 2);
      }
      inside[insideSize] = id;
      insideCharacters[insideSize++] = (byte) Math.min(count, 255);
      mostCharacters = Math.max(mostCharacters, Math.min(count, 255));
    }

    private void exit(int node, int count) {
      if (exitSize == exits.length) {
        exits = Arrays.copyOf(exits, exitSize * 2);
        exitCharacters = Arrays.copyOf(exitCharacters, exitSize * 2);
      }
      exits[exitSize] = node;
      exitCharacters[exitSize++] = (byte) Math.min(count, 255);
    }
  }
}
