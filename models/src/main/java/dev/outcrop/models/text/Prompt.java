package dev.outcrop.models.text;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A rendered prompt that still knows where each character came from. Only trusted characters (the
 * template's own and the tokenizer's special tokens) can become control tokens.
 *
 * @param pieces the text in order; neighbours differ in trust
 */
public record Prompt(List<Piece> pieces) {
  /** Copies the list. */
  public Prompt {
    pieces = List.copyOf(pieces);
  }

  /** The whole text. */
  public String text() {
    return pieces.stream().map(Piece::text).collect(Collectors.joining());
  }

  /** Redacted: prompts are never logged. */
  @Override
  public String toString() {
    return "Prompt[pieces=%d]".formatted(pieces.size());
  }

  /**
   * A run of characters of one origin.
   *
   * @param text the characters
   * @param trusted whether the template wrote them, and not a user
   */
  public record Piece(String text, boolean trusted) {
    /** Redacted: prompts are never logged. */
    @Override
    public String toString() {
      return "Piece[characters=%d, trusted=%s]".formatted(text.length(), trusted);
    }
  }
}
