package dev.outcrop.serving.catalog;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The twelve letters and digits by which ARNs of Bedrock name an imported model. They come from the
 * model's id alone, so every replica has the same.
 */
public final class ImportedId {
  private static final int LENGTH = 12;
  private static final int BASE = 36;

  private ImportedId() {}

  /** The letters and digits of a model. */
  public static String of(String modelId) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(modelId.getBytes(StandardCharsets.UTF_8));
      return new BigInteger(1, hash).toString(BASE).substring(0, LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
