package dev.outcrop.serving.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs requests as boto3 does, without {@code x-amz-content-sha256}, or as a test wants them to be
 * wrong. Written apart from the code that verifies.
 */
public final class Signer {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  public String accessKey;
  public String secret;
  public String region = "us-east-1";
  public String service = "bedrock";

  /** The name that the host is signed under: over HTTP/2 some SDKs sign {@code :authority}. */
  public String hostName = "host";

  public Instant time = Instant.now();
  public Map<String, String> headers = new TreeMap<>();

  public Signer(String accessKey, String secret) {
    this.accessKey = accessKey;
    this.secret = secret;
  }

  /** The header lines of a request, Host aside, each with its line end. */
  public String lines(String method, String rawPath, String host, String body) {
    return lines(method, rawPath, host, sha256(body.getBytes(UTF_8)), true);
  }

  /** The same with another payload hash than the body's. */
  public String lines(
      String method, String rawPath, String host, String payloadHash, boolean whole) {
    Map<String, String> signed = new TreeMap<>(headers);
    signed.put("x-amz-date", TIME.format(time));
    String shown =
        signed.entrySet().stream()
            .map(each -> each.getKey() + ": " + each.getValue() + "\r\n")
            .collect(Collectors.joining());
    if (whole) {
      signed.put(hostName, host);
    }
    return shown + "Authorization: " + authorization(method, rawPath, signed, payloadHash) + "\r\n";
  }

  private String authorization(
      String method, String rawPath, Map<String, String> signed, String payloadHash) {
    String names = String.join(";", signed.keySet());
    String canonical =
        method
            + "\n"
            + rawPath.replace("%", "%25").replace(":", "%3A")
            + "\n\n"
            + signed.entrySet().stream()
                .map(each -> each.getKey() + ":" + each.getValue() + "\n")
                .collect(Collectors.joining())
            + "\n"
            + names
            + "\n"
            + payloadHash;
    return "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"
        .formatted(accessKey, scope(), names, signature(canonical));
  }

  /** A short-term key for so many seconds, as AWS's generators make it. */
  public String shortTermKey(long seconds, String action, String sessionToken) {
    Map<String, String> query = new TreeMap<>();
    query.put("Action", action);
    query.put("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    query.put("X-Amz-Credential", (accessKey + "/" + scope()).replace("/", "%2F"));
    query.put("X-Amz-Date", TIME.format(time));
    query.put("X-Amz-Expires", String.valueOf(seconds));
    query.put("X-Amz-SignedHeaders", "host");
    if (sessionToken != null) {
      query.put("X-Amz-Security-Token", sessionToken);
    }
    String pairs =
        query.entrySet().stream()
            .map(each -> each.getKey() + "=" + each.getValue())
            .collect(Collectors.joining("&"));
    String signature =
        signature(
            "POST\n/\n" + pairs + "\nhost:bedrock.amazonaws.com\n\nhost\n" + sha256(new byte[0]));
    String url = "bedrock.amazonaws.com/?" + pairs + "&X-Amz-Signature=" + signature + "&Version=1";
    return "bedrock-api-key-" + java.util.Base64.getEncoder().encodeToString(url.getBytes(UTF_8));
  }

  private String scope() {
    return "%s/%s/%s/aws4_request".formatted(TIME.format(time).substring(0, 8), region, service);
  }

  private String signature(String canonical) {
    byte[] key = ("AWS4" + secret).getBytes(UTF_8);
    for (String part : scope().split("/")) {
      key = hmac(key, part);
    }
    String toSign =
        "AWS4-HMAC-SHA256\n"
            + TIME.format(time)
            + "\n"
            + scope()
            + "\n"
            + sha256(canonical.getBytes(UTF_8));
    return HexFormat.of().formatHex(hmac(key, toSign));
  }

  public static String sha256(String text) {
    return sha256(text.getBytes(UTF_8));
  }

  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
