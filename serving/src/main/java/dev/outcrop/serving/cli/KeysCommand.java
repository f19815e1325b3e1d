package dev.outcrop.serving.cli;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code outcrop keys}: makes credentials. Nothing is stored; the output is all there is. */
@Command(
    name = "keys",
    description = {
      "Makes an API key, or with --access-key a key for signatures, and prints it together with the",
      "lines that the key file or the policy file needs."
    },
    mixinStandardHelpOptions = true)
final class KeysCommand implements Runnable {
  private static final int KEY_BYTES = 32;
  private static final int SECRET_BYTES = 30;
  private static final int ID_LETTERS = 16;
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

  private final SecureRandom random = new SecureRandom();

  @Option(
      names = "--access-key",
      description = "Make an access key: an id and a secret, for AWS SDKs that sign")
  private boolean accessKey;

  @Option(
      names = "--session",
      description = "With --access-key: make a session token that has to come with the key")
  private boolean session;

  @Override
  public void run() {
    PrintStream out = System.out;
    if (accessKey || session) {
      String id = "OCAK" + letters();
      String secret = Base64.getEncoder().encodeToString(bytes(SECRET_BYTES));
      String token = session ? key("ocst-") : "";
      out.println("AWS_ACCESS_KEY_ID=" + id);
      out.println("AWS_SECRET_ACCESS_KEY=" + secret);
      if (session) {
        out.println("AWS_SESSION_TOKEN=" + token);
      }
      out.println("# for the policy file, under access-keys of a principal:");
      out.println("- id: " + id);
      out.println("  secret: " + secret);
      if (session) {
        out.println("  session-token-sha256: " + sha256(token));
      }
    } else {
      String key = key("ock-");
      out.println("AWS_BEARER_TOKEN_BEDROCK=" + key);
      out.println("# for the policy file, under api-keys of a principal:");
      out.println("- sha256: " + sha256(key));
      out.println("# or for the key file: " + sha256(key) + " TENANT");
    }
  }

  private String key(String prefix) {
    return prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes(KEY_BYTES));
  }

  private String letters() {
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < ID_LETTERS; i++) {
      letters.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return letters.toString();
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
