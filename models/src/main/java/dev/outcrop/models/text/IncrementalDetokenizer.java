package dev.outcrop.models.text;

import dev.outcrop.models.text.TokenDecoding.ByteLevel;
import dev.outcrop.models.text.TokenDecoding.Pieces;
import dev.outcrop.models.text.TokenDecoding.Replacement;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Turns the ids of one generation into text as they come. No delta ends within a character, and
 * none holds a replacement character that a later token would have completed. The deltas and the
 * flush together are what the Hugging Face library decodes from all ids at once with special tokens
 * skipped; added tokens that are not special are shown. The work per token does not depend on what
 * came before it. For one thread.
 */
public final class IncrementalDetokenizer {
  /** A run of byte tokens longer than this is shown before it ends; real characters have four. */
  private static final int MAX_HELD_BYTES = 256;

  private static final int[] BYTE_OF_CHAR = byteOfChar();

  private final @Nullable String[] tokens;
  private final BitSet special;
  private final TokenDecoding decoding;
  private final StringBuilder out = new StringBuilder();
  private final Utf8Stream utf8 = new Utf8Stream();
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private boolean overflowed;
  private boolean started;
  private int stripLeft;

  IncrementalDetokenizer(@Nullable String[] tokens, BitSet special, TokenDecoding decoding) {
    this.tokens = tokens;
    this.special = special;
    this.decoding = decoding;
    stripLeft = decoding instanceof Pieces pieces ? pieces.stripAtMost() : 0;
  }

  /** Takes the next id; gives the text that is certain now, often empty. */
  public String accept(int id) {
    String token = id >= 0 && id < tokens.length ? tokens[id] : null;
    if (token == null || special.get(id)) {
      return "";
    }
    switch (decoding) {
      case ByteLevel bytes -> byteLevel(token);
      case Pieces pieces -> piece(pieces, token);
    }
    return taken();
  }

  /** Ends a stretch of text, within which alone bytes make characters; gives what was held back. */
  public String flush() {
    endBytes();
    utf8.finish(out);
    return taken();
  }

  private void byteLevel(String token) {
    for (byte b : bytesOfCharacters(token)) {
      utf8.accept(b & 0xff, out);
    }
  }

  private void piece(Pieces pieces, String token) {
    String text = token;
    if (!started && pieces.firstTokenLosesMarks() != 0) {
      text = text.replace(String.valueOf(pieces.firstTokenLosesMarks()), "");
    }
    started = true;
    for (Replacement replacement : pieces.replacements()) {
      text = text.replace(replacement.from(), replacement.to());
    }
    int b = pieces.byteFallback() ? byteOf(text) : -1;
    if (b >= 0) {
      hold(b);
    } else {
      endBytes();
      append(text);
    }
  }

  /**
   * Holds a byte until its run ends: the Hugging Face decoder turns all bytes of a run that is not
   * valid as a whole into replacement characters.
   */
  private void hold(int b) {
    if (overflowed) {
      StringBuilder text = new StringBuilder();
      utf8.accept(b, text);
      append(text.toString());
      return;
    }
    held.write(b);
    if (held.size() > MAX_HELD_BYTES) {
      byte[] bytes = held.toByteArray();
      held.reset();
      overflowed = true;
      for (byte each : bytes) {
        hold(each & 0xff);
      }
    }
  }

  private void endBytes() {
    if (overflowed) {
      StringBuilder text = new StringBuilder();
      utf8.finish(text);
      append(text.toString());
    } else if (held.size() > 0) {
      try {
        ByteBuffer bytes = ByteBuffer.wrap(held.toByteArray());
        append(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
      } catch (CharacterCodingException e) {
        append("\ufffd".repeat(held.size()));
      }
    }
    overflowed = false;
    held.reset();
  }

  private void append(String text) {
    int from = 0;
    while (stripLeft > 0 && from < text.length()) {
      if (text.charAt(from) == ((Pieces) decoding).strip()) {
        from++;
        stripLeft--;
      } else {
        stripLeft = 0;
      }
    }
    out.append(text, from, text.length());
  }

  private String taken() {
    String text = out.toString();
    out.setLength(0);
    return text;
  }

  /** The bytes of a token of a byte-level vocabulary. */
  static byte[] bytesOfCharacters(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      int b = c < BYTE_OF_CHAR.length ? BYTE_OF_CHAR[c] : -1;
      if (b < 0) {
        // An added token with characters outside the alphabet is plain text.
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }

  /** The byte that a token like {@code <0xE2>} stands for, else -1. */
  static int byteOf(String token) {
    if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
      return -1;
    }
    int upper = Character.digit(token.charAt(3), 16);
    int lower = Character.digit(token.charAt(4), 16);
    return upper < 0 || lower < 0 ? -1 : upper << 4 | lower;
  }

  /** GPT-2's alphabet: printable Latin-1 stands for itself, other bytes for 256 and up. */
  private static int[] byteOfChar() {
    int[] bytes = new int[512];
    Arrays.fill(bytes, -1);
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      bytes[printable ? b : next++] = b;
    }
    return bytes;
  }
}
