package dev.outcrop.models.grammar;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** The automata that all grammars share: the elements of JSON (RFC 8259), and free text. */
final class Lexemes {
  /** For what is made once. */
  static final Budget NO_LIMIT = new Budget(() -> 0, 1, Integer.MAX_VALUE);

  /** White space where JSON may have it; little enough that it cannot go on for ever. */
  private static final String SPACE = "( |\n[ \t]{0,40})?";

  private static final String HEX = "[0-9A-Fa-f]";
  private static final String ESCAPE =
      "\\\\(["
          + "\"\\\\/bfnrt]|u([0-9A-Ca-cE-Fe-f]"
          + HEX
          + "{3}|[Dd][0-7]"
          + HEX
          + "{2}|[Dd][89ABab]"
          + HEX
          + "{2}\\\\u[Dd][C-Fc-f]"
          + HEX
          + "{2}))";

  static final Dfa WHITE_SPACE = plain(SPACE);
  static final Dfa OPEN_OBJECT = plain("\\{" + SPACE);
  static final Dfa CLOSE_OBJECT = plain(SPACE + "\\}");
  static final Dfa OPEN_ARRAY = plain("\\[" + SPACE);
  static final Dfa CLOSE_ARRAY = plain(SPACE + "\\]");
  static final Dfa COMMA = plain("," + SPACE);
  static final Dfa COLON = plain(": ?");
  static final Dfa NULL = plain("null");
  static final Dfa BOOLEAN = plain("true|false");
  static final Dfa INTEGER = plain("-?" + Numbers.WHOLE);

  /** A number without an exponent. */
  static final Dfa DECIMAL = plain("-?" + Numbers.WHOLE + Numbers.FRACTION);

  static final Dfa NUMBER =
      plain("-?" + Numbers.WHOLE + Numbers.FRACTION + "([eE][+-]?[0-9]{1,2})?");

  /** Any JSON string. */
  static final Dfa STRING =
      Subsets.of(
              new Regex.Repeat(
                  new Regex.Unit(RegexReader.read("[^\"\\\\\\x00-\\x1f]|" + ESCAPE)), 0, -1),
              Nfa.Writing.PLAIN,
              NO_LIMIT)
          .quoted(NO_LIMIT);

  /** A JSON string without escapes, so that it has one spelling, and not empty. */
  static final Dfa NAME = plain("\"[^\"\\\\\\x00-\\x1f]+\"");

  /** Any text, the empty one as well. */
  static final Dfa TEXT =
      Subsets.of(
          new Regex.Repeat(new Regex.Chars(CodePoints.ALL), 0, -1), Nfa.Writing.PLAIN, NO_LIMIT);

  private static final Set<Dfa> SHARED = Collections.newSetFromMap(new IdentityHashMap<>());

  static {
    SHARED.addAll(
        List.of(
            WHITE_SPACE,
            OPEN_OBJECT,
            CLOSE_OBJECT,
            OPEN_ARRAY,
            CLOSE_ARRAY,
            COMMA,
            COLON,
            NULL,
            BOOLEAN,
            INTEGER,
            DECIMAL,
            NUMBER,
            STRING,
            NAME,
            TEXT));
  }

  private Lexemes() {}

  private static Dfa plain(String pattern) {
    return Subsets.of(RegexReader.read(pattern), Nfa.Writing.PLAIN, NO_LIMIT);
  }

  /** Whether an automaton is one of these. */
  static boolean has(Dfa dfa) {
    return SHARED.contains(dfa);
  }
}
