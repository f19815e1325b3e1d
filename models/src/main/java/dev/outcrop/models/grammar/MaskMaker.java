package dev.outcrop.models.grammar;

import dev.outcrop.models.engine.TokenConstraint;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what tokens may follow a position. The work is bounded, by a walk over the whole
 * vocabulary and some more; what is not reached within the bound is left out, which makes the
 * answer narrower. What follows depends on the position alone: work counts as if nothing were known
 * yet. For one thread at a time.
 */
final class MaskMaker {
  private static final int MORE_WORK = 100_000;
  private static final int STEP_WORK = 8;

  private final Vocabulary vocabulary;
  private final Locals locals;
  private final long[] bits;
  private final @Nullable Branch[] path;
  private final int mostWork;
  private int work;
  private @Nullable LocalTokens last;

  /** Knows what tokens do in the states of automata. */
  interface Locals {
    LocalTokens of(Dfa dfa, int state, boolean first);
  }

  MaskMaker(Vocabulary vocabulary, Locals locals) {
    this.vocabulary = vocabulary;
    this.locals = locals;
    bits = new long[vocabulary.words()];
    int deepest = Math.max(vocabulary.trie(false).deepest(), vocabulary.trie(true).deepest());
    path = new Branch[deepest + 1];
    mostWork = MORE_WORK + vocabulary.trie(false).size();
  }

  /** A position that tokens lead to, and what is behind it. */
  private static final class Branch {
    final Position position;
    private final @Nullable Branch[] next = new Branch[256];

    Branch(Position position) {
      this.position = position;
    }

    Branch next(int unsignedByte) {
      Branch known = next[unsignedByte];
      if (known == null) {
        known = new Branch(position.accept(unsignedByte));
        next[unsignedByte] = known;
      }
      return known;
    }
  }

  TokenConstraint.Mask make(Position position, boolean first) {
    Arrays.fill(bits, 0);
    work = 0;
    last = null;
    for (Item item : position.items()) {
      if (item instanceof Item.Waiting(int token, _)) {
        set(token);
      }
    }
    read(position, true, first);
    read(position, false, first);
    if (position.isEnd()) {
      for (int stop : vocabulary.stopTokens()) {
        set(stop);
      }
    }
    return mask();
  }

  /** The cheap ways come before those that take long, so that these do not crowd them out. */
  private void read(Position position, boolean cheap, boolean first) {
    for (Item item : position.items()) {
      if (work > mostWork) {
        return;
      }
      if (item instanceof Item.Reading reading
          && cheap == (Lexemes.has(reading.dfa()) || reading.dfa().isNarrow(reading.state()))) {
        read(reading, first);
      }
    }
  }

  private void read(Item.Reading reading, boolean first) {
    LocalTokens local = locals.of(reading.dfa(), reading.state(), first);
    if (local != last && !Lexemes.has(reading.dfa())) {
      work += local.work();
    }
    last = local;
    work += STEP_WORK + local.exits();
    local.addInside(bits, reading.most());
    TokenTrie trie = vocabulary.trie(first);
    Branch behind = null;
    for (int i = 0; i < local.exits(); i++) {
      if (!local.exitFits(i, reading.least(), reading.most())) {
        continue;
      }
      int node = local.exit(i);
      end(trie, node);
      if (trie.end(node) == node + 1 || work > mostWork) {
        continue;
      }
      if (behind == null) {
        behind = new Branch(Position.behind(reading.then()));
      }
      if (!behind.position.items().isEmpty()) {
        walk(trie, node, behind);
      }
    }
  }

  /** Goes on below a node from a position. */
  private void walk(TokenTrie trie, int from, Branch behind) {
    path[trie.depth(from)] = behind;
    int end = trie.end(from);
    int node = from + 1;
    while (node < end && work <= mostWork) {
      int depth = trie.depth(node);
      Branch before = path[depth - 1];
      if (before == null) {
        throw new IllegalStateException("a node before its parent");
      }
      Branch here = before.next(trie.edge(node));
      work += STEP_WORK + before.position.items().size();
      if (here.position.isDead()) {
        node = trie.end(node);
        continue;
      }
      end(trie, node);
      path[depth] = here;
      node++;
    }
  }

  /** The work of the last mask: nodes of tokens that were looked at, and ways at each. */
  int work() {
    return work;
  }

  private void end(TokenTrie trie, int node) {
    for (int id = trie.token(node); id >= 0; id = trie.another(id)) {
      set(id);
    }
  }

  private void set(int id) {
    bits[id >> 6] |= 1L << id;
  }

  private TokenConstraint.Mask mask() {
    int size = vocabulary.size();
    int count = 0;
    for (long word : bits) {
      count += Long.bitCount(word);
    }
    boolean lists = count <= size / 2;
    int[] ids = new int[lists ? count : size - count];
    int at = 0;
    for (int w = 0; w < bits.length; w++) {
      long word = lists ? bits[w] : ~bits[w];
      if (w == bits.length - 1 && (size & 63) != 0) {
        word &= (1L << size) - 1;
      }
      for (; word != 0; word &= word - 1) {
        ids[at++] = w * 64 + Long.numberOfTrailingZeros(word);
      }
    }
    return new TokenConstraint.Mask(lists, ids, size);
  }
}
