package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.PolicyFile;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** Requests that the signer of the AWS SDK for Java has signed. */
final class SdkSignerTest {
  private static final String SECRET = "the+secret/of+the/tests0000000000000000A";
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final byte[] BODY = "{\"a\":\"ü\"}".getBytes(StandardCharsets.UTF_8);
  private static final Principals KNOWN =
      Principals.of(
          PolicyFile.parse(
              "policy",
              """
              tenants: [{id: t}]
              principals:
                - id: p
                  tenant: t
                  access-keys: [{id: AKTEST, secret: %s}]
              """
                  .formatted(SECRET)
                  .getBytes(StandardCharsets.UTF_8)),
          new Quotas(() -> 0));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/model/meta.llama3-1-8b-instruct-v1%3A0/converse",
        "/model/meta.llama3-1-8b-instruct-v1:0/invoke",
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aimported-model%2Fabcdefgh1234/invoke",
        "/model/a%20b%2Bc%25d/converse",
        "/model/%C3%BC%E2%82%AC%F0%9F%98%80/converse",
        "/model/!'()*~/converse",
        "/model//x/./converse",
        "/foundation-models?byProvider=a%20b&byOutputModality=TEXT",
        "/model-invocation-jobs?nameContains=%C3%BC%2F%2B&maxResults=10&statusEquals=",
        "/inference-profiles?type=APPLICATION&nextToken=a%3D%3D&maxResults=1",
        "/"
      })
  void takesWhatTheSdkSigns(String target) {
    assertThat(check(head(target, SECRET, NOW), BODY)).isNull();
    assertThat(check(head(target, SECRET, NOW), "other".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(AuthResult.Reason.WRONG_SIGNATURE);
    assertThat(check(head(target, SECRET + "x", NOW), BODY))
        .isEqualTo(AuthResult.Reason.WRONG_SIGNATURE);
  }

  @Test
  void takesWhateverPathTheSdkSigns() {
    Random random = new Random(1);
    for (int i = 0; i < 500; i++) {
      StringBuilder id = new StringBuilder();
      for (int j = 0; j < 1 + random.nextInt(20); j++) {
        int point =
            random.nextInt(4) == 0 ? 0xa1 + random.nextInt(0xd000) : 33 + random.nextInt(94);
        id.appendCodePoint(point);
      }
      String segment = PercentCode.encoded(id.toString().getBytes(StandardCharsets.UTF_8), false);
      String target = "/model/" + segment + "/converse?q=" + segment + "&" + segment + "=1";
      assertThat(check(head(target, SECRET, NOW), BODY)).as(target).isNull();
    }
  }

  @Test
  void refusesClocksThatAreOff() {
    String target = "/model/a/converse";
    for (int seconds : new int[] {-300, -1, 0, 300}) {
      assertThat(check(head(target, SECRET, NOW.plusSeconds(seconds)), BODY)).isNull();
    }
    assertThat(message(head(target, SECRET, NOW.minusSeconds(301))))
        .isEqualTo(
            "Signature expired: 20261121T115459Z is now earlier than 20261121T115500Z"
                + " (20261121T120000Z - 5 min.)");
    assertThat(message(head(target, SECRET, NOW.plusSeconds(301))))
        .isEqualTo(
            "Signature not yet current: 20261121T120501Z is still later than 20261121T120500Z"
                + " (20261121T120000Z + 5 min.)");
  }

  private static AuthResult.Reason check(RequestHead head, byte[] body) {
    AuthResult result = verify(head);
    return switch (result) {
      case AuthResult.Allowed _ -> throw new AssertionError("allowed without a look at the body");
      case AuthResult.Denied denied -> denied.reason();
      case AuthResult.Signed(_, var proven, var check) -> {
        assertThat(proven).isTrue();
        AuthResult.Denied denied = check.check(body);
        yield denied == null ? null : denied.reason();
      }
    };
  }

  private static String message(RequestHead head) {
    return ((AuthResult.Denied) verify(head)).message();
  }

  private static AuthResult verify(RequestHead head) {
    return SignedRequests.verify(head, head.header("authorization"), KNOWN, NOW);
  }

  private static RequestHead head(String target, String secret, Instant time) {
    SdkHttpRequest signed =
        AwsV4HttpSigner.create()
            .sign(
                request ->
                    request
                        .identity(AwsCredentialsIdentity.create("AKTEST", secret))
                        .request(
                            SdkHttpRequest.builder()
                                .method(SdkHttpMethod.POST)
                                .uri(URI.create("http://localhost:8080" + target))
                                .putHeader("X-Odd", List.of(" a   b ", "c"))
                                .putHeader("Content-Type", "application/json")
                                .build())
                        .payload(() -> new ByteArrayInputStream(BODY))
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "bedrock")
                        .putProperty(AwsV4HttpSigner.REGION_NAME, "eu-central-1")
                        .putProperty(HttpSigner.SIGNING_CLOCK, Clock.fixed(time, ZoneOffset.UTC)))
            .request();
    Map<String, List<String>> headers = new TreeMap<>();
    signed.headers().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
    int query = target.indexOf('?');
    return new RequestHead(
        "POST",
        query < 0 ? target : target.substring(0, query),
        query < 0 ? "" : target.substring(query + 1),
        name -> headers.getOrDefault(name, List.of()));
  }
}
