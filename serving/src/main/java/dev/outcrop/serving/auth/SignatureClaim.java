package dev.outcrop.serving.auth;

import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a signature says of itself.
 *
 * @param accessKey the id of the key that it was made with
 * @param date the day of the scope, {@code yyyyMMdd}
 * @param region the region of the scope
 * @param service the service of the scope
 * @param signedHeaders the headers that are signed, in lower case
 * @param signature the signature in hex
 */
record SignatureClaim(
    String accessKey,
    String date,
    String region,
    String service,
    List<String> signedHeaders,
    String signature) {
  static final String ALGORITHM = "AWS4-HMAC-SHA256";

  /** More headers than anybody signs. */
  private static final int MAX_HEADERS = 128;

  private static final Pattern SCOPE =
      Pattern.compile(
          "([A-Za-z0-9_]{4,128})/(\\d{8})/([a-z0-9-]{1,64})/([a-z0-9-]{1,64})/aws4_request");
  private static final Pattern HEADERS =
      Pattern.compile(":?[a-z0-9!#$%&'*+.^_`|~-]+(;:?[a-z0-9!#$%&'*+.^_`|~-]+)*");
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  /** What came of a header. */
  sealed interface Parsed {
    /** A claim. */
    record Whole(SignatureClaim claim) implements Parsed {}

    /** No claim, and why. */
    record Broken(String why) implements Parsed {}
  }

  /** Whether an Authorization header is a signature at all. */
  static boolean is(String authorization) {
    return authorization.startsWith("AWS4-");
  }

  /** Reads an Authorization header. */
  static Parsed parse(String authorization) {
    int space = authorization.indexOf(' ');
    if (space < 0 || !authorization.substring(0, space).equals(ALGORITHM)) {
      return new Parsed.Broken("Unsupported AWS 'algorithm' (only AWS4-HMAC-SHA256 for now).");
    }
    String credential = null;
    String headers = null;
    String signature = null;
    for (String part : authorization.substring(space + 1).split(",", -1)) {
      String piece = part.strip();
      int equals = piece.indexOf('=');
      String name = equals < 0 ? piece : piece.substring(0, equals);
      String value = equals < 0 ? "" : piece.substring(equals + 1);
      switch (name) {
        case "Credential" -> credential = value;
        case "SignedHeaders" -> headers = value;
        case "Signature" -> signature = value;
        default -> {
          return new Parsed.Broken("The Authorization header has a parameter that is not known.");
        }
      }
    }
    return of(credential, headers, signature);
  }

  /** Puts the three parameters together, which a header and a query both have. */
  static Parsed of(
      @Nullable String credential, @Nullable String headers, @Nullable String signature) {
    if (credential == null || credential.isEmpty()) {
      return missing("Credential");
    }
    if (headers == null || headers.isEmpty()) {
      return missing("SignedHeaders");
    }
    if (signature == null || signature.isEmpty()) {
      return missing("Signature");
    }
    Matcher scope = SCOPE.matcher(credential);
    if (!scope.matches()) {
      return new Parsed.Broken(
          "Credential must have exactly 5 slash-delimited elements, e.g."
              + " keyid/date/region/service/term.");
    }
    if (!HEADERS.matcher(headers).matches()) {
      return new Parsed.Broken("SignedHeaders must be header names in lower case, parted by ';'.");
    }
    List<String> names = List.of(headers.split(";"));
    if (names.size() > MAX_HEADERS) {
      return new Parsed.Broken("SignedHeaders has too many names.");
    }
    // Each name stands for all values of its header in what is hashed.
    if (Set.copyOf(names).size() < names.size()) {
      return new Parsed.Broken("SignedHeaders has a name twice.");
    }
    if (!HEX.matcher(signature).matches()) {
      return new Parsed.Broken("Signature must be 64 hexadecimal digits in lower case.");
    }
    return new Parsed.Whole(
        new SignatureClaim(
            scope.group(1), scope.group(2), scope.group(3), scope.group(4), names, signature));
  }

  /** The scope as it is signed. */
  String scope() {
    return date + "/" + region + "/" + service + "/aws4_request";
  }

  private static Parsed missing(String parameter) {
    return new Parsed.Broken("Authorization header requires '%s' parameter.".formatted(parameter));
  }
}
