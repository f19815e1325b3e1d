package dev.outcrop.serving.auth;

import dev.outcrop.serving.config.Secret;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A key for signatures. No record: its text form must not show the secret. */
final class AccessKey {
  private final Secret secret;
  private final byte @Nullable [] sessionTokenSha256;
  private final @Nullable Instant expires;
  final Caller caller;

  AccessKey(
      Secret secret,
      byte @Nullable [] sessionTokenSha256,
      @Nullable Instant expires,
      Caller caller) {
    this.secret = secret;
    this.sessionTokenSha256 = sessionTokenSha256;
    this.expires = expires;
    this.caller = caller;
  }

  /** Whether a request has the session token that belongs to the key, or rightly none. */
  boolean takes(@Nullable String sessionToken) {
    if (sessionTokenSha256 == null) {
      return sessionToken == null;
    }
    return sessionToken != null
        && MessageDigest.isEqual(sessionTokenSha256, Hashes.sha256(sessionToken));
  }

  boolean expired(Instant now) {
    return expires != null && !now.isBefore(expires);
  }

  /**
   * Whether a claim's signature is that of one of some texts.
   *
   * @param time the time of the signature, {@code yyyyMMdd'T'HHmmss'Z'}
   */
  boolean signed(SignatureClaim claim, String time, List<String> canonicalRequests) {
    boolean signed = false;
    byte[] claimed = claim.signature().getBytes(StandardCharsets.US_ASCII);
    for (String canonical : canonicalRequests) {
      String signature = signature(claim, time, canonical);
      signed |= MessageDigest.isEqual(claimed, signature.getBytes(StandardCharsets.US_ASCII));
    }
    return signed;
  }

  private String signature(SignatureClaim claim, String time, String canonical) {
    byte[] key =
        Hashes.hmac(("AWS4" + secret.reveal()).getBytes(StandardCharsets.UTF_8), claim.date());
    for (String part : List.of(claim.region(), claim.service(), "aws4_request")) {
      key = Hashes.hmac(key, part);
    }
    String toSign =
        String.join(
            "\n",
            SignatureClaim.ALGORITHM,
            time,
            claim.scope(),
            Hashes.hex(Hashes.sha256(canonical)));
    return Hashes.hex(Hashes.hmac(key, toSign));
  }
}
