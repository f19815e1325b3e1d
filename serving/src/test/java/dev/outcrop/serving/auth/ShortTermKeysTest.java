package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.Secret;
import dev.outcrop.serving.testing.Signer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShortTermKeysTest {
  private static final String SECRET = "a/secret+of-the-tests-0000000000000";
  private static final String TOKEN = "session-token";
  private static final String ACTION = "CallWithBearerToken";
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final Caller CALLER = new Caller.Tenant("t", 1);
  private static final Principals KNOWN =
      new Principals(
          List.of(),
          Map.of(
              "AKPLAIN",
              new AccessKey(new Secret(SECRET), null, NOW.plusSeconds(86_400), CALLER),
              "AKSESSION",
              new AccessKey(new Secret(SECRET), Hashes.sha256(TOKEN), null, CALLER)),
          Set.of());

  /** What aws-bedrock-token-generator 1.1.0 (Python) made of these keys at that time. */
  private static final String OF_AWS =
      ShortTermKeys.PREFIX
          + "YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbiZYLUFtei1BbGdv"
          + "cml0aG09QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPUFLUExBSU4lMkYyMDI2MTEyMSUy"
          + "RnVzLWVhc3QtMSUyRmJlZHJvY2slMkZhd3M0X3JlcXVlc3QmWC1BbXotRGF0ZT0yMDI2MTEyMVQxMjAw"
          + "MDBaJlgtQW16LUV4cGlyZXM9NDMyMDAmWC1BbXotU2lnbmVkSGVhZGVycz1ob3N0JlgtQW16LVNpZ25h"
          + "dHVyZT1mOThjMmFlMmQ5YjU5ODE4YjU1YmQ1ZTgyMzZmNDhkY2FmZGQxYzBiMzQ5MzFlZGQxZmViOWEx"
          + "Mjg1YjBmZjJhJlZlcnNpb249MQ==";

  private static final String OF_AWS_WITH_SESSION =
      ShortTermKeys.PREFIX
          + "YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbiZYLUFtei1BbGdv"
          + "cml0aG09QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPUFLU0VTU0lPTiUyRjIwMjYxMTIx"
          + "JTJGdXMtZWFzdC0xJTJGYmVkcm9jayUyRmF3czRfcmVxdWVzdCZYLUFtei1EYXRlPTIwMjYxMTIxVDEy"
          + "MDAwMFomWC1BbXotRXhwaXJlcz00MzIwMCZYLUFtei1TaWduZWRIZWFkZXJzPWhvc3QmWC1BbXotU2Vj"
          + "dXJpdHktVG9rZW49c2Vzc2lvbi10b2tlbiZYLUFtei1TaWduYXR1cmU9Yjk5N2UwZmExNGJlOWQwYzM0"
          + "NDE3MTlhZDEwMmQ3ZTQ1YTdjZGJiMWNlZmJiZGUzNGM3ZWRhMTIyMDM1ZDk5ZCZWZXJzaW9uPTE=";

  private final Signer signer = new Signer("AKPLAIN", SECRET);

  ShortTermKeysTest() {
    signer.time = NOW;
  }

  @Test
  void takesWhatTheGeneratorOfAwsMakes() {
    for (String key : List.of(OF_AWS, OF_AWS_WITH_SESSION)) {
      assertThat(verify(key, NOW)).isEqualTo("allowed");
      assertThat(verify(key, NOW.plusSeconds(43_199))).isEqualTo("allowed");
      assertThat(verify(key, NOW.plusSeconds(43_200))).isEqualTo("EXPIRED_KEY");
    }
  }

  @Test
  void takesAKeyUntilItIsOver() {
    String key = signer.shortTermKey(3_600, ACTION, null);

    assertThat(verify(key, NOW)).isEqualTo("allowed");
    assertThat(verify(key, NOW.plusSeconds(3_599))).isEqualTo("allowed");
    assertThat(verify(key, NOW.plusSeconds(3_600))).isEqualTo("EXPIRED_KEY");
    assertThat(verify(key, NOW.minusSeconds(300))).isEqualTo("allowed");
    assertThat(verify(key, NOW.minusSeconds(301))).isEqualTo("UNKNOWN_KEY");
  }

  @Test
  void endsWithItsAccessKey() {
    signer.time = NOW.plusSeconds(86_000);
    String key = signer.shortTermKey(3_600, ACTION, null);

    assertThat(verify(key, NOW.plusSeconds(86_399))).isEqualTo("allowed");
    assertThat(verify(key, NOW.plusSeconds(86_400))).isEqualTo("EXPIRED_KEY");
  }

  @ParameterizedTest
  @CsvSource({"0", "-1", "43201", "99999999999999999"})
  void takesNoKeyForLongerThanTwelveHours(long seconds) {
    assertThat(verify(signer.shortTermKey(seconds, ACTION, null), NOW)).isEqualTo("UNKNOWN_KEY");
    assertThat(verify(signer.shortTermKey(43_200, ACTION, null), NOW)).isEqualTo("allowed");
  }

  @Test
  void takesNoOtherUrlThatWasSigned() {
    assertThat(verify(signer.shortTermKey(60, "InvokeModel", null), NOW)).isEqualTo("UNKNOWN_KEY");
    signer.service = "s3";
    assertThat(verify(signer.shortTermKey(60, ACTION, null), NOW)).isEqualTo("UNKNOWN_KEY");
  }

  @Test
  void wantsTheSessionTokenOfTheKey() {
    assertThat(verify(signer.shortTermKey(60, ACTION, TOKEN), NOW)).isEqualTo("UNKNOWN_KEY");
    signer.accessKey = "AKSESSION";
    assertThat(verify(signer.shortTermKey(60, ACTION, TOKEN), NOW)).isEqualTo("allowed");
    assertThat(verify(signer.shortTermKey(60, ACTION, "other"), NOW)).isEqualTo("UNKNOWN_KEY");
    assertThat(verify(signer.shortTermKey(60, ACTION, null), NOW)).isEqualTo("UNKNOWN_KEY");
  }

  @Test
  void noticesEveryChange() {
    String key = signer.shortTermKey(3_600, ACTION, null);
    for (UnaryOperator<String> change :
        List.<UnaryOperator<String>>of(
            url -> url.replace("Expires=3600", "Expires=43200"),
            url -> url.replace("20261121T120000Z", "20261121T120001Z"),
            url -> url.replace("us-east-1", "us-west-2"),
            url -> url.replace("bedrock.amazonaws.com", "example.com"),
            url -> url.replace("&Version", "&More=1&Version"),
            url -> url.replace("&Version", "&X-Amz-Expires=43200&Version"),
            url -> url.replace("AKPLAIN", "AKOTHER"),
            url -> url.replace("SignedHeaders=host", "SignedHeaders=host%3Bx"),
            url -> url.replace("HMAC-SHA256", "HMAC-SHA1"))) {
      assertThat(verify(changed(key, change), NOW)).isEqualTo("UNKNOWN_KEY");
    }
    assertThat(verify(changed(key, url -> url), NOW)).isEqualTo("allowed");
  }

  private static String changed(String key, UnaryOperator<String> change) {
    String url =
        new String(
            Base64.getDecoder().decode(key.substring(ShortTermKeys.PREFIX.length())),
            StandardCharsets.UTF_8);
    return ShortTermKeys.PREFIX
        + Base64.getEncoder().encodeToString(change.apply(url).getBytes(StandardCharsets.UTF_8));
  }

  private static String verify(String key, Instant now) {
    assertThat(ShortTermKeys.is(key)).isTrue();
    return switch (ShortTermKeys.verify(key, KNOWN, now)) {
      case AuthResult.Allowed _ -> "allowed";
      case AuthResult.Denied(var reason, _) -> reason.name();
      case AuthResult.Signed _ -> "signed";
    };
  }
}
