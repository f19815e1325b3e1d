package dev.outcrop.serving.auth;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Percent-encoding as signatures have it. */
final class PercentCode {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();
  private static final String PLAIN = "-_.~";

  private PercentCode() {}

  /** The bytes of a text. A plus is a plus; a percent sign without two hex digits is itself. */
  static byte[] decoded(String raw) {
    byte[] in = raw.getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[in.length];
    int length = 0;
    for (int i = 0; i < in.length; i++) {
      int high = in[i] == '%' && i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
      int low = high >= 0 ? Character.digit(in[i + 2], 16) : -1;
      if (low >= 0) {
        out[length++] = (byte) (high * 16 + low);
        i += 2;
      } else {
        out[length++] = in[i];
      }
    }
    return Arrays.copyOf(out, length);
  }

  /** The text of bytes: all but letters, digits and four signs as upper-case hex. */
  static String encoded(byte[] bytes, boolean keepSlash) {
    StringBuilder out = new StringBuilder(bytes.length + 16);
    for (byte b : bytes) {
      char c = (char) (b & 0xff);
      boolean plain =
          (c >= 'A' && c <= 'Z')
              || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9')
              || PLAIN.indexOf(c) >= 0
              || (keepSlash && c == '/');
      if (plain) {
        out.append(c);
      } else {
        out.append('%').append(HEX.toHighHexDigit(b)).append(HEX.toLowHexDigit(b));
      }
    }
    return out.toString();
  }
}
