package dev.outcrop.serving.auth;

import dev.outcrop.serving.auth.AuthResult.Denied;
import dev.outcrop.serving.auth.AuthResult.Reason;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Verifies short-term keys: {@code bedrock-api-key-} and, in Base64, a URL that was signed with an
 * access key for at most twelve hours. Nobody has to be asked: the access key is known here.
 */
final class ShortTermKeys {
  static final String PREFIX = "bedrock-api-key-";

  /** A key with the longest session token in it. */
  static final int MAX_LENGTH = 16_384;

  private static final Duration LONGEST = Duration.ofHours(12);
  private static final String ACTION = "CallWithBearerToken";
  private static final int MAX_PARAMETERS = 32;

  /** Tools differ in what they sign for the body that the URL does not have. */
  private static final List<String> PAYLOADS =
      List.of(Hashes.hex(Hashes.sha256("")), "UNSIGNED-PAYLOAD");

  private ShortTermKeys() {}

  /** Whether a key is of this kind. */
  static boolean is(String key) {
    return key.startsWith(PREFIX);
  }

  static AuthResult verify(String key, Principals principals, Instant now) {
    AuthResult result = verified(key, principals, now);
    return result == null ? new Denied(Reason.UNKNOWN_KEY) : result;
  }

  /** The result, or null for a key that nobody known has made. */
  private static @Nullable AuthResult verified(String key, Principals principals, Instant now) {
    String url = decoded(key.substring(PREFIX.length()));
    int question = url == null ? -1 : url.indexOf('?');
    if (url == null || question < 0) {
      return null;
    }
    String place = url.substring(0, question);
    Map<String, String> query = parameters(url.substring(question + 1));
    if (query == null || !ACTION.equals(query.get("Action"))) {
      return null;
    }
    if (!(SignatureClaim.of(
            query.get("X-Amz-Credential"),
            query.get("X-Amz-SignedHeaders"),
            query.get("X-Amz-Signature"))
        instanceof SignatureClaim.Parsed.Whole(var claim))) {
      return null;
    }
    String date = query.getOrDefault("X-Amz-Date", "");
    Instant signed = SignatureTime.parse(date);
    Duration life = seconds(query.getOrDefault("X-Amz-Expires", ""));
    AccessKey access = principals.accessKey(claim.accessKey());
    if (access == null
        || signed == null
        || life == null
        || !claim.signedHeaders().equals(List.of("host"))
        || !SignatureClaim.ALGORITHM.equals(query.get("X-Amz-Algorithm"))
        || !access.takes(query.get("X-Amz-Security-Token"))
        || SignedRequests.wrongScope(claim, date, principals) != null
        || SignatureTime.early(signed, now) != null
        || !signed(url, place, claim, date, access)) {
      return null;
    }
    boolean over = access.expired(now) || !now.isBefore(signed.plus(life));
    return over ? new Denied(Reason.EXPIRED_KEY) : new AuthResult.Allowed(access.caller);
  }

  private static boolean signed(
      String url, String place, SignatureClaim claim, String date, AccessKey access) {
    int slash = place.indexOf('/');
    String host = slash < 0 ? place : place.substring(0, slash);
    List<String> pairs = new ArrayList<>();
    for (String pair : url.substring(place.length() + 1).split("&")) {
      // The version is put to the URL after it was signed.
      if (!pair.startsWith("X-Amz-Signature=") && !pair.startsWith("Version=")) {
        pairs.add(pair);
      }
    }
    RequestHead request =
        new RequestHead(
            "POST",
            slash < 0 ? "/" : place.substring(slash),
            String.join("&", pairs),
            name -> name.equals("host") ? List.of(host) : List.of());
    List<String> canonical = new ArrayList<>();
    PAYLOADS.forEach(
        hash -> canonical.addAll(CanonicalRequest.of(request, claim.signedHeaders(), hash)));
    return access.signed(claim, date, canonical);
  }

  private static @Nullable String decoded(String base64) {
    try {
      byte[] bytes = Base64.getDecoder().decode(base64);
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** Parameters by name, or null where one comes twice or there are too many. */
  private static @Nullable Map<String, String> parameters(String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : query.split("&")) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      String value = equals < 0 ? "" : pair.substring(equals + 1);
      String before = parameters.put(text(name), text(value));
      if (before != null || parameters.size() > MAX_PARAMETERS) {
        return null;
      }
    }
    return parameters;
  }

  private static String text(String encoded) {
    return new String(PercentCode.decoded(encoded), StandardCharsets.UTF_8);
  }

  private static @Nullable Duration seconds(String text) {
    try {
      Duration life = Duration.ofSeconds(Long.parseLong(text));
      return life.isPositive() && life.compareTo(LONGEST) <= 0 ? life : null;
    } catch (NumberFormatException | DateTimeException | ArithmeticException e) {
      return null;
    }
  }
}
