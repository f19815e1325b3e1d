package dev.outcrop.models.text;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds added tokens in a text: leftmost first, longest at equal starts, as the Hugging Face
 * tokenizers library does, but only where every character of the token may be trusted. Immutable.
 */
final class AddedTokenScanner {
  private final Map<Character, List<AddedToken>> byFirst = new HashMap<>();

  AddedTokenScanner(Collection<AddedToken> tokens) {
    tokens.stream()
        .filter(token -> !token.content().isEmpty())
        .sorted(Comparator.comparingInt((AddedToken t) -> t.content().length()).reversed())
        .forEach(
            token ->
                byFirst
                    .computeIfAbsent(token.content().charAt(0), c -> new ArrayList<>())
                    .add(token));
  }

  boolean isEmpty() {
    return byFirst.isEmpty();
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
  List<Match> scan(String text, int from, int to, BitSet trusted) {
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

  private @Nullable AddedToken tokenAt(String text, int at, int to, BitSet trusted) {
    List<AddedToken> candidates = byFirst.get(text.charAt(at));
    if (candidates == null) {
      return null;
    }
    int trustedEnd = trusted.get(at) ? Math.min(to, trusted.nextClearBit(at)) : at;
    for (AddedToken token : candidates) {
      int end = at + token.content().length();
      if (end <= (token.guarded() ? trustedEnd : to) && text.startsWith(token.content(), at)) {
        return token;
      }
    }
    return null;
  }

  private static boolean touchesWord(String text, int from, int to, int start, int end) {
    return (start > from && Whitespace.isWord(text.codePointBefore(start)))
        || (end < to && Whitespace.isWord(text.codePointAt(end)));
  }
}
