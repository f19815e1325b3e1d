package dev.outcrop.serving.auth;

import dev.outcrop.serving.auth.AuthResult.Denied;
import dev.outcrop.serving.auth.AuthResult.Reason;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns the credentials of a request into a {@link Caller}. Runs before a body is read, on the
 * request's thread.
 *
 * <p>A key comes as {@code Authorization: Bearer KEY} (what AWS SDKs send for {@code
 * AWS_BEARER_TOKEN_BEDROCK}) or as {@code x-api-key: KEY}; a signature as {@code Authorization:
 * AWS4-HMAC-SHA256 ..}. An {@code x-api-key} goes first.
 */
public final class Authenticator {
  private static final int MAX_KEY = 4_096;
  private static final String BEARER = "bearer ";

  private final @Nullable Supplier<Principals> principals;
  private final InstantSource clock;

  private Authenticator(@Nullable Supplier<Principals> principals, InstantSource clock) {
    this.principals = principals;
    this.clock = clock;
  }

  /** Lets everybody in; for a server that binds loopback only. */
  public static Authenticator open() {
    return new Authenticator(null, InstantSource.system());
  }

  /** Lets the holders of keys in. */
  public static Authenticator keyed(KeyFile keys) {
    return of(keys::principals, InstantSource.system());
  }

  /**
   * Lets those in that are known.
   *
   * @param principals who is known at the moment; asked once per request
   */
  public static Authenticator of(Supplier<Principals> principals, InstantSource clock) {
    return new Authenticator(principals, clock);
  }

  /** Whether everybody is let in. */
  public boolean isOpen() {
    return principals == null;
  }

  /** Decides by what a request says before its body. */
  public AuthResult authenticate(RequestHead request) {
    if (principals == null) {
      return new AuthResult.Allowed(new Caller.Anonymous());
    }
    String authorization = request.header("authorization");
    String key = key(authorization, request.header("x-api-key"));
    if (key != null) {
      return byKey(key, principals.get(), clock.instant());
    }
    if (authorization != null && SignatureClaim.is(authorization)) {
      return SignedRequests.verify(request, authorization, principals.get(), clock.instant());
    }
    return new Denied(Reason.MISSING);
  }

  private static AuthResult byKey(String key, Principals known, Instant now) {
    if (ShortTermKeys.is(key) && key.length() <= ShortTermKeys.MAX_LENGTH) {
      return ShortTermKeys.verify(key, known, now);
    }
    ApiKey found = key.length() > MAX_KEY ? null : known.apiKey(Hashes.sha256(key));
    if (found == null) {
      return new Denied(Reason.UNKNOWN_KEY);
    }
    return found.expires != null && !now.isBefore(found.expires)
        ? new Denied(Reason.EXPIRED_KEY)
        : new AuthResult.Allowed(found.caller);
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
}
