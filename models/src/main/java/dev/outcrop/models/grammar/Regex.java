package dev.outcrop.models.grammar;

import java.util.List;

/** A regular expression over characters. */
sealed interface Regex {
  /** The empty text. */
  Regex EMPTY = new Cat(List.of());

  /** One character of a set. */
  record Chars(CodePoints set) implements Regex {}

  /** One after the other. */
  record Cat(List<Regex> parts) implements Regex {}

  /** Any of these; none at all where the list is empty. */
  record Or(List<Regex> choices) implements Regex {}

  /** Again and again; {@code most} is negative for without end. */
  record Repeat(Regex inner, int least, int most) implements Regex {}

  /** What counts as one character, though it is written with several. */
  record Unit(Regex inner) implements Regex {}

  /** Nothing, at the start of the text. */
  record Begin() implements Regex {}

  /** Nothing, at the end of the text. */
  record End() implements Regex {}

  /** The text itself. */
  static Regex literal(String text) {
    return new Cat(text.codePoints().mapToObj(c -> (Regex) new Chars(CodePoints.of(c))).toList());
  }

  /** Any text that holds a match, as JSON Schema reads its patterns. */
  static Regex holding(Regex inner) {
    Regex any = new Repeat(new Chars(CodePoints.ALL), 0, -1);
    return new Cat(List.of(any, inner, any));
  }
}
