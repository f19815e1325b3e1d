package dev.outcrop.models.grammar;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the tokens of a vocabulary do in one state of one automaton, whatever comes behind it: those
 * that stay inside, and where the automaton can be left within or at the end of a token. Immutable.
 */
final class LocalTokens {
  private static final int DENSE = 256;
  private static final int[] NONE = {};

  private final int[] inside;
  private final char @Nullable [] characters;
  private final int mostCharacters;
  private final long @Nullable [] bits;
  private final int[] exits;
  private final char @Nullable [] exitCharacters;
  private final int work;

  private LocalTokens(Walk walk) {
    boolean counts = walk.counts;
    exits = Arrays.copyOf(walk.exits, walk.exitSize);
    mostCharacters = counts ? walk.mostCharacters : 0;
    characters = counts ? Arrays.copyOf(walk.insideCharacters, walk.insideSize) : null;
    exitCharacters = counts ? Arrays.copyOf(walk.exitCharacters, walk.exitSize) : null;
    bits = walk.insideSize < DENSE ? null : new long[walk.words];
    for (int i = 0; i < walk.insideSize && bits != null; i++) {
      bits[walk.inside[i] >> 6] |= 1L << walk.inside[i];
    }
    inside = bits == null || counts ? Arrays.copyOf(walk.inside, walk.insideSize) : NONE;
    work = walk.visits;
  }

  /**
   * Tries every token.
   *
   * @param counts whether there are positions that bound the characters of a JSON string here; it
   *     takes far more memory
   */
  static LocalTokens of(TokenTrie trie, Dfa dfa, int state, int words, boolean counts) {
    return new LocalTokens(new Walk(trie, dfa, state, words, counts));
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
      if (characters == null || characters[i] <= most) {
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
    int count = exitCharacters == null ? 0 : exitCharacters[index];
    return exitCharacters == null || (count >= least && count <= most);
  }

  /** Nodes that were looked at to find this out. */
  int work() {
    return work;
  }

  /** About the memory that it takes. */
  int memory() {
    return 64 + 6 * (inside.length + exits.length) + (bits == null ? 0 : 8 * bits.length);
  }

  private static final class Walk {
    private final int words;
    private final boolean counts;
    private int[] inside = new int[16];
    private char[] insideCharacters = new char[16];
    private int insideSize;
    private int[] exits = new int[4];
    private char[] exitCharacters = new char[4];
    private int exitSize;
    private int mostCharacters;
    private int visits;

    Walk(TokenTrie trie, Dfa dfa, int state, int words, boolean counts) {
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
      this.counts = counts && counted;
    }

    private void inside(int id, int count) {
      if (insideSize == inside.length) {
        inside = Arrays.copyOf(inside, insideSize * 2);
        insideCharacters = Arrays.copyOf(insideCharacters, insideSize * 2);
      }
      inside[insideSize] = id;
      insideCharacters[insideSize++] = (char) count;
      mostCharacters = Math.max(mostCharacters, count);
    }

    private void exit(int node, int count) {
      if (exitSize == exits.length) {
        exits = Arrays.copyOf(exits, exitSize * 2);
        exitCharacters = Arrays.copyOf(exitCharacters, exitSize * 2);
      }
      exits[exitSize] = node;
      exitCharacters[exitSize++] = (char) count;
    }
  }
}
