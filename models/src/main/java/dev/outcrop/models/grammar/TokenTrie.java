package dev.outcrop.models.grammar;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The tokens of a vocabulary by their bytes: a tree whose nodes lie in the order in which a walk
 * meets them, so that a subtree is a range. Node 0 is the root. Immutable.
 */
final class TokenTrie {
  private final byte[] edge;
  private final short[] depth;
  private final int[] end;
  private final int[] token;
  private final int[] sameBytes;
  private final int deepest;
  private int size = 1;

  /**
   * Builds the tree.
   *
   * @param bytes of each token by its id; empty for those that are left out
   */
  TokenTrie(byte[][] bytes) {
    int[] order =
        IntStream.range(0, bytes.length)
            .filter(id -> bytes[id].length > 0)
            .boxed()
            .sorted(Comparator.comparing(id -> bytes[id], Arrays::compareUnsigned))
            .mapToInt(id -> id)
            .toArray();
    int nodes = 1;
    byte[] before = {};
    int longest = 0;
    for (int id : order) {
      nodes += bytes[id].length - common(before, bytes[id]);
      before = bytes[id];
      longest = Math.max(longest, before.length);
    }
    deepest = longest;
    edge = new byte[nodes];
    depth = new short[nodes];
    end = new int[nodes];
    token = new int[nodes];
    Arrays.fill(token, -1);
    sameBytes = new int[bytes.length];
    Arrays.fill(sameBytes, -1);
    int[] open = new int[longest + 1];
    int at = 0;
    before = new byte[0];
    for (int id : order) {
      byte[] now = bytes[id];
      int shared = common(before, now);
      for (int d = shared + 1; d <= at; d++) {
        end[open[d]] = size;
      }
      for (int d = shared + 1; d <= now.length; d++) {
        edge[size] = now[d - 1];
        depth[size] = (short) d;
        open[d] = size++;
      }
      at = now.length;
      int node = open[at];
      if (token[node] >= 0) {
        sameBytes[id] = token[node];
      }
      token[node] = id;
      before = now;
    }
    for (int d = 0; d <= at; d++) {
      end[open[d]] = size;
    }
  }

  private static int common(byte[] a, byte[] b) {
    int at = Arrays.mismatch(a, b);
    return at < 0 ? a.length : at;
  }

  /** The number of nodes. */
  int size() {
    return size;
  }

  /** The byte that leads to a node. */
  int edge(int node) {
    return edge[node] & 0xff;
  }

  /** How many bytes lead to a node. */
  int depth(int node) {
    return depth[node];
  }

  /** The most bytes of a token. */
  int deepest() {
    return deepest;
  }

  /** The node behind a node's subtree. */
  int end(int node) {
    return end[node];
  }

  /** A token that ends at a node, or -1. */
  int token(int node) {
    return token[node];
  }

  /** Another token of the same bytes, or -1. */
  int another(int tokenId) {
    return sameBytes[tokenId];
  }
}
