package dev.outcrop.serving.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * As much of DER (X.690) as it takes to give a bare private key the envelope that Java reads:
 * PKCS#8 (RFC 5958) around PKCS#1 (RFC 8017) or SEC 1 (RFC 5915).
 */
final class Der {
  private static final int INTEGER = 0x02;
  private static final int OCTET_STRING = 0x04;
  private static final int SEQUENCE = 0x30;
  private static final int LONG_FORM = 0x80;
  private static final int BYTE = 0xff;

  private Der() {}

  /**
   * A private key in PKCS#8.
   *
   * @param key the bare key
   * @param publicKey the SubjectPublicKeyInfo of its public key, which names algorithm and curve
   */
  static byte[] pkcs8(byte[] key, byte[] publicKey) {
    return element(
        SEQUENCE, element(INTEGER, new byte[1]), firstIn(publicKey), element(OCTET_STRING, key));
  }

  /** The first element in a sequence, with its header. */
  private static byte[] firstIn(byte[] sequence) {
    ByteBuffer in = ByteBuffer.wrap(sequence);
    header(in);
    int from = in.position();
    int length = header(in);
    return Arrays.copyOfRange(sequence, from, in.position() + length);
  }

  /** Reads tag and length; returns the length. */
  private static int header(ByteBuffer in) {
    in.get();
    int length = in.get() & BYTE;
    if (length < LONG_FORM) {
      return length;
    }
    int bytes = length - LONG_FORM;
    length = 0;
    for (int i = 0; i < bytes; i++) {
      length = (length << Byte.SIZE) | (in.get() & BYTE);
    }
    return length;
  }

  private static byte[] element(int tag, byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    ByteArrayOutputStream out = new ByteArrayOutputStream(length + 5);
    out.write(tag);
    if (length < LONG_FORM) {
      out.write(length);
    } else {
      int bytes = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + 7) / Byte.SIZE;
      out.write(LONG_FORM | bytes);
      for (int i = bytes - 1; i >= 0; i--) {
        out.write(length >> (i * Byte.SIZE));
      }
    }
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
