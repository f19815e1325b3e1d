package dev.outcrop.serving.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * Turns the credentials of a request into a {@link Caller}. Runs before a body is read, on the
 * request's thread.
 *
 * <p>A key comes as {@code Authorization: Bearer KEY} (what AWS SDKs send for {@code
 * AWS_BEARER_TOKEN_BEDROCK}) or as {@code x-api-key: KEY}. Signatures (SigV4) are not verified:
 * with a key file they count as no credentials, without one they are ignored.
 */
public final class Authenticator {
  private static final int MAX_KEY = 4_096;
  private static final String BEARER = "bearer ";
  private static final String SIGNATURE = "AWS4-HMAC-SHA256";

  private final @Nullable KeyFile keys;

  private Authenticator(@Nullable KeyFile keys) {
    this.keys = keys;
  }

  /** Lets everybody in; for a server that binds loopback only. */
  public static Authenticator open() {
    return new Authenticator(null);
  }

  /** Lets the holders of keys in. */
  public static Authenticator keyed(KeyFile keys) {
    return new Authenticator(keys);
  }

  /** Whether everybody is let in. */
  public boolean isOpen() {
    return keys == null;
  }

  /** Decides by the two headers that may hold a key. */
  public AuthResult authenticate(@Nullable String authorization, @Nullable String apiKey) {
    if (keys == null) {
      return new AuthResult.Allowed(new Caller.Anonymous());
    }
    String key = key(authorization, apiKey);
    if (key == null) {
      boolean signed = authorization != null && authorization.startsWith(SIGNATURE);
      return new AuthResult.Denied(
          signed ? AuthResult.Reason.SIGNATURE_ONLY : AuthResult.Reason.MISSING);
    }
    Caller caller = key.length() > MAX_KEY ? null : keys.find(sha256(key));
    return caller == null
        ? new AuthResult.Denied(AuthResult.Reason.UNKNOWN_KEY)
        : new AuthResult.Allowed(caller);
  }

  private static @Nullable String key(@Nullable String authorization, @Nullable String apiKey) {
    if (apiKey != null && !apiKey.isBlank()) {
      return apiKey.strip();
    }
    if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      String key = authorization.substring(BEARER.length()).strip();
      return key.isEmpty() ? null : key;
    }
    return null;
  }

  static byte[] sha256(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
