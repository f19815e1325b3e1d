package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.None;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Python's string operations on text that keeps the origin of each character. */
final class Strings {
  private static final int CAPITAL_SIGMA = 0x3a3;
  private static final String FINAL_SIGMA = "\u03c2";

  private Strings() {}

  /** The characters of a parameter such as strip's, null for white space. */
  static @Nullable String characterSet(@Nullable Value value, String what) {
    return value == null || value == None.NONE ? null : Types.string(value, what).chars();
  }

  static Text strip(Text text, @Nullable String chars, boolean left, boolean right, Budget budget) {
    String all = text.chars();
    int from = 0;
    int to = all.length();
    while (left && from < to && strips(all.codePointAt(from), chars)) {
      from += Character.charCount(all.codePointAt(from));
    }
    while (right && to > from && strips(all.codePointBefore(to), chars)) {
      to -= Character.charCount(all.codePointBefore(to));
    }
    return text.slice(from, to, budget);
  }

  private static boolean strips(int c, @Nullable String chars) {
    return chars == null ? Python.isSpace(c) : chars.indexOf(c) >= 0;
  }

  static Text upper(Text text, Budget budget) {
    return mapped(text, chars -> chars.toUpperCase(Locale.ROOT), budget);
  }

  static Text lower(Text text, Budget budget) {
    return mapped(text, chars -> chars.toLowerCase(Locale.ROOT), budget);
  }

  private static Text mapped(Text text, UnaryOperator<String> change, Budget budget) {
    budget.makeString(text.length());
    if (text.uniform()) {
      return new TextBuilder(budget).append(change.apply(text.chars()), text.allTrusted()).build();
    }
    // A few characters change their number, so a text of mixed origin is changed run by run.
    var out = new TextBuilder(budget);
    text.forEachRun((run, trusted) -> out.append(change.apply(run), trusted));
    return out.build();
  }

  static Text capitalize(Text text, Budget budget) {
    if (text.isEmpty()) {
      return text;
    }
    int head = text.chars().codePointAt(0);
    Text lowered = lower(text, budget);
    int loweredHead = Character.toString(head).toLowerCase(Locale.ROOT).length();
    return new TextBuilder(budget)
        .append(titled(head), text.trustedAt(0))
        .append(lowered, loweredHead, lowered.length())
        .build();
  }

  private static String titled(int c) {
    int title = Character.toTitleCase(c);
    if (title != c) {
      return Character.toString(title);
    }
    String upper = Character.toString(c).toUpperCase(Locale.ROOT);
    return upper.length() > 1 && !Character.isSupplementaryCodePoint(c)
        ? upper.charAt(0) + upper.substring(1).toLowerCase(Locale.ROOT)
        : Character.toString(c);
  }

  /** {@code str.title}: upper case after anything that has no case. */
  static Text title(Text text, Budget budget) {
    var out = new TextBuilder(budget);
    boolean inside = false;
    for (int at = 0; at < text.length(); ) {
      int c = text.chars().codePointAt(at);
      int next = at + Character.charCount(c);
      boolean endsWord = next == text.length() || !isCased(text.chars().codePointAt(next));
      String lower =
          c == CAPITAL_SIGMA && endsWord
              ? FINAL_SIGMA
              : Character.toString(c).toLowerCase(Locale.ROOT);
      out.append(inside ? lower : titled(c), text.trustedAt(at));
      inside = isCased(c);
      at = next;
    }
    return out.build();
  }

  static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  /** Whether text has letters with case, all of them of one. */
  static boolean isCase(String chars, boolean lower) {
    boolean wrong =
        chars
            .codePoints()
            .anyMatch(
                c ->
                    Character.isTitleCase(c)
                        || (lower ? Character.isUpperCase(c) : Character.isLowerCase(c)));
    return !wrong && chars.codePoints().anyMatch(Strings::isCased);
  }

  static Text replace(Text text, Text old, Text with, int count, Budget budget) {
    budget.spendSearch(text.length(), old.length());
    var out = new TextBuilder(budget);
    int left = count < 0 ? Integer.MAX_VALUE : count;
    int copied = 0;
    int from = 0;
    while (left > 0) {
      int found = text.chars().indexOf(old.chars(), from);
      if (found < 0 || found > text.length()) {
        break;
      }
      out.append(text, copied, found).append(with);
      budget.spend(1);
      copied = found + old.length();
      left--;
      if (!old.isEmpty()) {
        from = copied;
      } else if (found == text.length()) {
        break;
      } else {
        from = found + Character.charCount(text.chars().codePointAt(found));
      }
    }
    return out.append(text, copied, text.length()).build();
  }

  /** {@code str.split(separator, most)}; a negative limit is none. */
  static List<Text> split(Text text, Text separator, int most, Budget budget) {
    if (separator.isEmpty()) {
      throw new Failure("the separator of 'split' is empty");
    }
    List<Text> parts = new ArrayList<>();
    int from = 0;
    for (int found; most < 0 || parts.size() < most; from = found + separator.length()) {
      found = text.chars().indexOf(separator.chars(), from);
      if (found < 0) {
        break;
      }
      add(parts, text, from, found, budget);
    }
    add(parts, text, from, text.length(), budget);
    return parts;
  }

  private static void add(List<Text> parts, Text text, int from, int to, Budget budget) {
    budget.checkItems(parts.size() + 1L);
    budget.spend(1);
    budget.allocate(2 * Budget.ITEM);
    parts.add(text.slice(from, to, budget));
  }

  static List<Text> splitFromRight(Text text, Text separator, int most, Budget budget) {
    if (separator.isEmpty()) {
      throw new Failure("the separator of 'rsplit' is empty");
    }
    List<Text> parts = new ArrayList<>();
    int to = text.length();
    while (most < 0 || parts.size() < most) {
      int found = text.chars().lastIndexOf(separator.chars(), to - separator.length());
      if (found < 0 || to < separator.length()) {
        break;
      }
      add(parts, text, found + separator.length(), to, budget);
      to = found;
    }
    add(parts, text, 0, to, budget);
    return parts.reversed();
  }

  /** {@code str.split(None, most)}. */
  static List<Text> splitAtSpace(Text text, int most, Budget budget) {
    List<Text> parts = new ArrayList<>();
    String chars = text.chars();
    int at = 0;
    while (true) {
      while (at < chars.length() && Python.isSpace(chars.charAt(at))) {
        at++;
      }
      if (at == chars.length()) {
        return parts;
      }
      if (most >= 0 && parts.size() == most) {
        add(parts, text, at, chars.length(), budget);
        return parts;
      }
      int from = at;
      while (at < chars.length() && !Python.isSpace(chars.charAt(at))) {
        at++;
      }
      add(parts, text, from, at, budget);
    }
  }

  static List<Text> splitAtSpaceFromRight(Text text, int most, Budget budget) {
    List<Text> parts = new ArrayList<>();
    String chars = text.chars();
    int at = chars.length();
    while (true) {
      while (at > 0 && Python.isSpace(chars.charAt(at - 1))) {
        at--;
      }
      if (at == 0) {
        return parts.reversed();
      }
      if (most >= 0 && parts.size() == most) {
        add(parts, text, 0, at, budget);
        return parts.reversed();
      }
      int to = at;
      while (at > 0 && !Python.isSpace(chars.charAt(at - 1))) {
        at--;
      }
      add(parts, text, at, to, budget);
    }
  }

  static List<Text> splitLines(Text text, boolean keepEnds, Budget budget) {
    List<Text> lines = new ArrayList<>();
    String chars = text.chars();
    int from = 0;
    for (int at = 0; at < chars.length(); at++) {
      if (Python.isLineEnd(chars.charAt(at))) {
        int end = at;
        if (chars.startsWith("\r\n", at)) {
          at++;
        }
        add(lines, text, from, keepEnds ? at + 1 : end, budget);
        from = at + 1;
      }
    }
    if (from < chars.length()) {
      add(lines, text, from, chars.length(), budget);
    }
    return lines;
  }

  /** {@code str.center}. */
  static Text center(Text text, int width, Text fill, Budget budget) {
    int padding = Math.max(0, width - text.codePoints());
    int left = padding / 2 + (padding & width & 1);
    return pad(text, left, padding - left, fill, budget);
  }

  static Text pad(Text text, int left, int right, Text fill, Budget budget) {
    var out = new TextBuilder(budget);
    for (int i = 0; i < left; i++) {
      out.append(fill);
    }
    out.append(text);
    for (int i = 0; i < right; i++) {
      out.append(fill);
    }
    return out.build();
  }
}
