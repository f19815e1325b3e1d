package dev.outcrop.serving.auth;

import dev.outcrop.serving.auth.AuthResult.Denied;
import dev.outcrop.serving.auth.AuthResult.Reason;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Verifies requests that are signed in their headers (AWS Signature Version 4). What does not need
 * the body is verified before it is read; a request that says the hash of its body is wholly
 * verified but for that.
 */
final class SignedRequests {
  private static final Set<String> SERVICES = Set.of("bedrock", "bedrock-mantle");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private SignedRequests() {}

  static AuthResult verify(
      RequestHead request, String authorization, Principals principals, Instant now) {
    return switch (SignatureClaim.parse(authorization)) {
      case SignatureClaim.Parsed.Broken(var why) -> new Denied(Reason.INCOMPLETE_SIGNATURE, why);
      case SignatureClaim.Parsed.Whole(var claim) -> verify(request, claim, principals, now);
    };
  }

  private static AuthResult verify(
      RequestHead request, SignatureClaim claim, Principals principals, Instant now) {
    List<String> headers = claim.signedHeaders();
    if (!headers.contains("host") && !headers.contains(":authority")) {
      return wrong("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    }
    if (!headers.contains("x-amz-date")) {
      return wrong("'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.");
    }
    String date = request.header("x-amz-date");
    Instant signed = date == null ? null : SignatureTime.parse(date);
    if (date == null || signed == null) {
      return new Denied(
          Reason.INCOMPLETE_SIGNATURE,
          "Authorization header requires an 'X-Amz-Date' header of the form 20270131T235959Z.");
    }
    AccessKey key = principals.accessKey(claim.accessKey());
    if (key == null || !key.takes(request.header("x-amz-security-token"))) {
      return new Denied(Reason.UNKNOWN_ACCESS_KEY);
    }
    if (key.expired(now)) {
      return new Denied(Reason.EXPIRED_ACCESS_KEY);
    }
    String scope = wrongScope(claim, date, principals);
    if (scope != null) {
      return wrong(scope);
    }
    String time = SignatureTime.wrong(signed, now);
    return time == null ? verify(request, claim, key, date) : wrong(time);
  }

  /** Why a signature is for something else, or null. */
  static @Nullable String wrongScope(SignatureClaim claim, String date, Principals principals) {
    if (!SERVICES.contains(claim.service())) {
      return "Credential should be scoped to correct service: 'bedrock'.";
    }
    if (!principals.serves(claim.region())) {
      return "Credential should be scoped to a valid region.";
    }
    return date.startsWith(claim.date())
        ? null
        : "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
            + " HTTP: '%s' != '%s', from '%s'.".formatted(claim.date(), date.substring(0, 8), date);
  }

  private static AuthResult verify(
      RequestHead request, SignatureClaim claim, AccessKey key, String date) {
    String declared = request.header("x-amz-content-sha256");
    if (declared == null) {
      return new AuthResult.Signed(
          key.caller,
          false,
          body ->
              matches(request, claim, key, date, Hashes.hex(Hashes.sha256(body))) ? null : wrong());
    }
    // UNSIGNED-PAYLOAD and STREAMING-.. are for S3; elsewhere the body's hash is what is signed.
    if (!SHA256.matcher(declared).matches() || !matches(request, claim, key, date, declared)) {
      return wrong();
    }
    byte[] hash = HexFormat.of().parseHex(declared);
    return new AuthResult.Signed(
        key.caller,
        true,
        body -> MessageDigest.isEqual(hash, Hashes.sha256(body)) ? null : wrong());
  }

  private static boolean matches(
      RequestHead request, SignatureClaim claim, AccessKey key, String date, String payloadHash) {
    return key.signed(
        claim, date, CanonicalRequest.of(request, claim.signedHeaders(), payloadHash));
  }

  private static Denied wrong() {
    return new Denied(Reason.WRONG_SIGNATURE);
  }

  private static Denied wrong(String why) {
    return new Denied(Reason.WRONG_SIGNATURE, why);
  }
}
