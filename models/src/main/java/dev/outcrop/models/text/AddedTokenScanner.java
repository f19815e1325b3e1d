package dev.outcrop.models.text;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds added tokens in a text: leftmost first, longest at equal starts, as the Hugging Face
 * tokenizers library does, but only where every character of the token may be trusted. Immutable.
 *
 * <p>The tokens that only trusted text may become are looked for in trusted text alone, so that a
 * request pays nothing for looking like many of them. Where tokens are looked for, the work at a
 * position is bounded by the longest token, not by their number.
 */
final class AddedTokenScanner {
  private final Node guarded = new Node();
  private final Node open = new Node();

  AddedTokenScanner(Collection<AddedToken> tokens) {
    for (AddedToken token : tokens) {
      if (!token.content().isEmpty()) {
        (token.guarded() ? guarded : open).add(token);
      }
    }
  }

  boolean isEmpty() {
    return guarded.next.isEmpty() && open.next.isEmpty();
  }

  /**
   * A token found.
   *
   * @param token which
   * @param start where it starts, white space swallowed on its left included
   * @param end where it ends, white space swallowed on its right included
   */
  record Match(AddedToken token, int start, int end) {}

  /**
   * The tokens in a stretch of a text, in order, not overlapping.
   *
   * @param trusted the characters of the text that may be part of a guarded token
   */
  List<Match> scan(CharSequence text, int from, int to, BitSet trusted) {
    List<Match> matches = new ArrayList<>();
    if (isEmpty()) {
      return matches;
    }
    int done = from;
    int at = from;
    while (at < to) {
      AddedToken token = tokenAt(text, at, to, trusted);
      if (token == null) {
        at++;
        continue;
      }
      int start = at;
      int end = at + token.content().length();
      // The library goes on behind a match even where it drops it.
      at = end;
      if (token.singleWord() && touchesWord(text, from, to, start, end)) {
        continue;
      }
      while (token.lstrip() && start > done && Whitespace.is(text.charAt(start - 1))) {
        start--;
      }
      while (token.rstrip() && end < to && Whitespace.is(text.charAt(end))) {
        end++;
      }
      matches.add(new Match(token, start, end));
      done = end;
      at = end;
    }
    return matches;
  }

  private @Nullable AddedToken tokenAt(CharSequence text, int at, int to, BitSet trusted) {
    AddedToken anyone = open.longest(text, at, to, null);
    AddedToken template = guarded.longest(text, at, to, trusted);
    if (anyone == null || template == null) {
      return anyone == null ? template : anyone;
    }
    return anyone.content().length() > template.content().length() ? anyone : template;
  }

  private static boolean touchesWord(CharSequence text, int from, int to, int start, int end) {
    return (start > from && Whitespace.isWord(Character.codePointBefore(text, start)))
        || (end < to && Whitespace.isWord(Character.codePointAt(text, end)));
  }

  /** A place in the tree of all contents. */
  private static final class Node {
    private final Map<Character, Node> next = new HashMap<>(4);
    private @Nullable AddedToken token;

    void add(AddedToken added) {
      Node node = this;
      for (char c : added.content().toCharArray()) {
        node = node.next.computeIfAbsent(c, _ -> new Node());
      }
      node.token = added;
    }

    /** The longest content at a position, of allowed characters alone where some are not. */
    @Nullable AddedToken longest(CharSequence text, int at, int to, @Nullable BitSet allowed) {
      AddedToken longest = null;
      Node node = this;
      for (int i = at; i < to && (allowed == null || allowed.get(i)); i++) {
        node = node.next.get(text.charAt(i));
        if (node == null) {
          break;
        }
        longest = node.token == null ? longest : node.token;
      }
      return longest;
    }
  }
}
