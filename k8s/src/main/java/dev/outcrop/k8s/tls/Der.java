package dev.outcrop.k8s.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/** As much of DER (X.690) as keys and certificates are made of. */
final class Der {
  static final int BOOLEAN = 0x01;
  static final int INTEGER = 0x02;
  static final int BIT_STRING = 0x03;
  static final int OCTET_STRING = 0x04;
  static final int OBJECT = 0x06;
  static final int UTF8 = 0x0c;
  static final int SEQUENCE = 0x30;
  static final int SET = 0x31;

  /** The tag of a member that only its number tells from the others. */
  static final int MEMBER = 0xa0;

  private static final int GENERALIZED_TIME = 0x18;
  private static final int LONG_FORM = 0x80;
  private static final int BYTE = 0xff;
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'");

  private Der() {}

  /**
   * A private key in PKCS#8 (RFC 5958), which is what Java reads.
   *
   * @param key the bare key, PKCS#1 (RFC 8017) or SEC 1 (RFC 5915)
   * @param publicKey the SubjectPublicKeyInfo of its public key, which names algorithm and curve
   */
  static byte[] pkcs8(byte[] key, byte[] publicKey) {
    return of(SEQUENCE, of(INTEGER, new byte[1]), firstIn(publicKey), of(OCTET_STRING, key));
  }

  /** An element with its header. */
  static byte[] of(int tag, byte[]... parts) {
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

  /** A moment, to the second. */
  static byte[] time(Instant at) {
    return of(GENERALIZED_TIME, ascii(TIME.format(at.atOffset(ZoneOffset.UTC))));
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
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
}
