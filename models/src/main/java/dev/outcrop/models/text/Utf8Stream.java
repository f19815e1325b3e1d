package dev.outcrop.models.text;

/**
 * Decodes UTF-8 that arrives byte by byte and never gives half a character. Bytes that can belong
 * to no character become U+FFFD, one for each longest prefix of a well-formed sequence (Unicode
 * 16.0, section 3.9, "maximal subparts"; the same in Rust's from_utf8_lossy, but not in Java's own
 * decoder). For one thread.
 */
final class Utf8Stream {
  private int codePoint;
  private int missing;
  private int low = 0x80;
  private int high = 0xbf;

  /** Takes the next byte and appends what became whole. */
  void accept(int b, StringBuilder out) {
    if (missing == 0) {
      first(b, out);
    } else if (b < low || b > high) {
      finish(out);
      first(b, out);
    } else {
      low = 0x80;
      high = 0xbf;
      codePoint = codePoint << 6 | (b & 0x3f);
      missing--;
      if (missing == 0) {
        out.appendCodePoint(codePoint);
      }
    }
  }

  private void first(int b, StringBuilder out) {
    if (b <= 0x7f) {
      out.append((char) b);
    } else if (b >= 0xc2 && b <= 0xdf) {
      missing = 1;
      codePoint = b & 0x1f;
    } else if (b >= 0xe0 && b <= 0xef) {
      low = b == 0xe0 ? 0xa0 : 0x80;
      high = b == 0xed ? 0x9f : 0xbf;
      missing = 2;
      codePoint = b & 0x0f;
    } else if (b >= 0xf0 && b <= 0xf4) {
      low = b == 0xf0 ? 0x90 : 0x80;
      high = b == 0xf4 ? 0x8f : 0xbf;
      missing = 3;
      codePoint = b & 0x07;
    } else {
      out.append('\ufffd');
    }
  }

  /** Ends the text: a character that is not whole will never be. */
  void finish(StringBuilder out) {
    if (missing > 0) {
      out.append('\ufffd');
    }
    missing = 0;
    low = 0x80;
    high = 0xbf;
  }
}
