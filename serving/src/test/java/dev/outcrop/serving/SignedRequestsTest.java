package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.Signer;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.auth.aws.scheme.AwsV4AuthScheme;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.scheme.AuthSchemeOption;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;

/** Requests that are signed with an access key of the policy file. */
final class SignedRequestsTest {
  private static final String SECRET = "a/secret+of-the-tests-0000000000000";
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String PATH = "/model/demo/converse";

  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            regions: [us-east-1, eu-central-1]
            tenants:
              - {id: acme, weight: 3}
            principals:
              - id: app
                tenant: acme
                models: ["*"]
                access-keys:
                  - {id: AKPLAIN, secret: SECRET}
                  - {id: AKSESSION, secret: SECRET, session-token-sha256: HASH}
                  - {id: AKOVER, secret: SECRET, session-token-sha256: HASH, expires: 2020-01-01T00:00:00Z}
            """
                .replace("SECRET", SECRET)
                .replace("HASH", Signer.sha256("the/session+token==")));
    server = new TestServer(request -> "ok", config -> config.withAuth(AuthConfig.policy(policy)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static AwsCredentials session(String key, String token) {
    return AwsSessionCredentials.create(key, SECRET, token);
  }

  @Test
  void letsTheSyncClientIn() {
    for (AwsCredentials credentials :
        List.of(
            AwsBasicCredentials.create("AKPLAIN", SECRET),
            session("AKSESSION", "the/session+token=="))) {
      try (BedrockRuntimeClient client = sync(credentials, Region.EU_CENTRAL_1)) {
        assertThat(converse(client, "demo")).isEqualTo("ok");
        assertThat(converse(client, "arn:aws:bedrock:us-east-1::foundation-model/demo"))
            .isEqualTo("ok");
        assertThat(converse(client, "org/name")).isEqualTo("ok");
        assertThat(
                client
                    .invokeModel(
                        c ->
                            c.modelId(TestServer.MODEL)
                                .accept("application/json")
                                .body(SdkBytes.fromUtf8String("{\"prompt\":\"hällo 😀\"}")))
                    .body()
                    .asUtf8String())
            .contains("ok");
      }
    }
    assertThat(server.batcher.requests.getFirst().service().tenant()).isEqualTo("acme");
    assertThat(server.batcher.requests.getFirst().service().weight()).isEqualTo(3);
  }

  @Test
  void letsTheAsyncClientInOverHttp2() {
    for (AwsCredentials credentials :
        List.of(
            AwsBasicCredentials.create("AKPLAIN", SECRET),
            session("AKSESSION", "the/session+token=="))) {
      StringBuffer text = new StringBuffer();
      try (BedrockRuntimeAsyncClient client =
          BedrockRuntimeAsyncClient.builder()
              .endpointOverride(server.endpoint())
              .region(Region.US_EAST_1)
              .credentialsProvider(StaticCredentialsProvider.create(credentials))
              .build()) {
        client
            .converseStream(
                c ->
                    c.modelId(TestServer.MODEL)
                        .messages(m -> m.role("user").content(ContentBlock.fromText("hi"))),
                ConverseStreamResponseHandler.builder()
                    .subscriber(
                        ConverseStreamResponseHandler.Visitor.builder()
                            .onContentBlockDelta(delta -> text.append(delta.delta().text()))
                            .build())
                    .build())
            .orTimeout(60, TimeUnit.SECONDS)
            .join();
      }
      assertThat(text).hasToString("ok");
    }
  }

  @Test
  void tellsSdkClientsWhatIsWrong() {
    refused(AwsBasicCredentials.create("AKPLAIN", SECRET + "x"), "InvalidSignatureException");
    refused(AwsBasicCredentials.create("AKNOBODY", SECRET), "UnrecognizedClientException");
    refused(session("AKPLAIN", "the/session+token=="), "UnrecognizedClientException");
    refused(session("AKSESSION", "another"), "UnrecognizedClientException");
    refused(AwsBasicCredentials.create("AKSESSION", SECRET), "UnrecognizedClientException");
    refused(session("AKOVER", "the/session+token=="), "ExpiredTokenException");
    try (BedrockRuntimeClient client =
        sync(AwsBasicCredentials.create("AKPLAIN", SECRET), Region.US_WEST_2)) {
      assertThatThrownBy(() -> converse(client, "demo"))
          .hasMessageContaining("Credential should be scoped to a valid region.");
    }
    assertThat(server.batcher.requests).isEmpty();
  }

  @Test
  void tellsSdkClientsWhoseClockIsOffWhatTimeItIs() {
    Clock late = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(-10));
    try (BedrockRuntimeClient client =
        BedrockRuntimeClient.builder()
            .endpointOverride(server.endpoint())
            .region(Region.US_EAST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("AKPLAIN", SECRET)))
            .authSchemeProvider(
                params ->
                    List.of(
                        AuthSchemeOption.builder()
                            .schemeId(AwsV4AuthScheme.SCHEME_ID)
                            .putSignerProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "bedrock")
                            .putSignerProperty(AwsV4HttpSigner.REGION_NAME, "us-east-1")
                            .putSignerProperty(HttpSigner.SIGNING_CLOCK, late)
                            .build()))
            .build()) {
      assertThatThrownBy(() -> converse(client, "demo"))
          .isInstanceOfSatisfying(
              AwsServiceException.class,
              e -> {
                assertThat(e.awsErrorDetails().errorCode()).isEqualTo("InvalidSignatureException");
                assertThat(e.getMessage()).contains("Signature expired: ");
                assertThat(e.awsErrorDetails().sdkHttpResponse().firstMatchingHeader("Date"))
                    .isPresent();
              });
    }
  }

  @Test
  void takesSignaturesWithoutABodyHash() throws IOException {
    assertThat(post(signer(), PATH, HI).status()).isEqualTo(200);
    String encoded = "/model/meta.llama3-1-8b-instruct-v1%3A0/converse";
    assertThat(post(signer(), encoded, HI).status()).isEqualTo(200);
    Signer more = signer();
    more.headers.put("content-type", "application/json");
    more.headers.put("x-amzn-bedrock-accept", "*/*");
    assertThat(post(more, PATH, HI).status()).isEqualTo(200);
  }

  @Test
  void takesTheNameThatTheHostHasOverHttp2() throws IOException {
    Signer signer = signer();
    signer.hostName = ":authority";

    assertThat(post(signer, PATH, HI).status()).isEqualTo(200);
    server.batcher.requests.clear();
    refused(send(PATH, HI, signer.lines("POST", PATH, "example.com", HI)), MISMATCH);
  }

  @Test
  void refusesAnotherBodyThanTheOneThatWasSigned() throws IOException {
    Signer signer = signer();
    String other = HI.replace("hi", "ho");

    refused(send(PATH, other, signer.lines("POST", PATH, "localhost", HI)), MISMATCH);
    signer.headers.put("x-amz-content-sha256", Signer.sha256(HI));
    refused(send(PATH, other, signer.lines("POST", PATH, "localhost", HI)), MISMATCH);
    assertThat(send(PATH, HI, signer.lines("POST", PATH, "localhost", HI)).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        ""
      })
  void refusesSignaturesThatLeaveTheBodyOut(String payload) throws IOException {
    Signer signer = signer();
    signer.headers.put("x-amz-content-sha256", payload);

    refused(send(PATH, HI, signer.lines("POST", PATH, "localhost", payload, true)), MISMATCH);
  }

  @Test
  void refusesSignaturesForSomethingElse() throws IOException {
    Signer s3 = signer();
    s3.service = "s3";
    refused(post(s3, PATH, HI), "Credential should be scoped to correct service: 'bedrock'.");
    Signer elsewhere = signer();
    elsewhere.region = "us-west-2";
    refused(post(elsewhere, PATH, HI), "Credential should be scoped to a valid region.");
    refused(
        send(PATH, HI, signer().lines("POST", "/model/other/converse", "localhost", HI)), MISMATCH);
    refused(send(PATH, HI, signer().lines("GET", PATH, "localhost", HI)), MISMATCH);
    refused(send(PATH, HI, signer().lines("POST", PATH, "example.com", HI)), MISMATCH);
    refused(
        send(PATH, HI, signer().lines("POST", PATH, "localhost", Signer.sha256(HI), false)),
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    Signer mantle = signer();
    mantle.service = "bedrock-mantle";
    assertThat(post(mantle, PATH, HI).status()).isEqualTo(200);
  }

  @Test
  void refusesClocksThatAreOff() throws IOException {
    Signer late = signer();
    late.time = late.time.minus(Duration.ofMinutes(10));
    refused(post(late, PATH, HI), "Signature expired: ");
    Signer early = signer();
    early.time = early.time.plus(Duration.ofMinutes(10));
    refused(post(early, PATH, HI), "Signature not yet current: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKPLAIN/20260101/us-east-1/bedrock/aws4_request",
        "AWS4-HMAC-SHA512 Credential=x, SignedHeaders=host, Signature=y",
        "AWS4-HMAC-SHA256 Credential=AKPLAIN/x, SignedHeaders=host, Signature=y",
        "AWS4-ECDSA-P256-SHA256 Credential=x, SignedHeaders=host, Signature=y"
      })
  void refusesSignaturesThatLackSomething(String authorization) throws IOException {
    RawHttp.Response response = send(PATH, HI, "Authorization: " + authorization + "\r\n");

    assertThat(response.status()).isEqualTo(403);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("IncompleteSignatureException");
  }

  @Test
  void tellsNobodyWhetherARouteExists() throws IOException {
    String body = "[";
    RawHttp.Response there = send(PATH, body, wrong().lines("POST", PATH, "localhost", body));
    RawHttp.Response not = send("/x", body, wrong().lines("POST", "/x", "localhost", body));

    assertThat(there.status()).isEqualTo(403);
    assertThat(not.status()).isEqualTo(403);
    assertThat(there.text()).isEqualTo(not.text());
    assertThat(post(signer(), "/x", "{}").status()).isEqualTo(404);
  }

  private static final String MISMATCH =
      "The request signature we calculated does not match the signature you provided.";

  private static Signer signer() {
    return new Signer("AKPLAIN", SECRET);
  }

  private static Signer wrong() {
    return new Signer("AKPLAIN", SECRET + "x");
  }

  private RawHttp.Response post(Signer signer, String path, String body) throws IOException {
    return send(path, body, signer.lines("POST", path, "localhost", body));
  }

  private RawHttp.Response send(String path, String body, String headers) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", path, body, headers));
      return http.response();
    }
  }

  private void refused(RawHttp.Response response, String message) {
    assertThat(response.text()).contains(message);
    assertThat(response.status()).isEqualTo(403);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("InvalidSignatureException");
    assertThat(server.batcher.requests).isEmpty();
  }

  private void refused(AwsCredentials credentials, String code) {
    try (BedrockRuntimeClient client = sync(credentials, Region.US_EAST_1)) {
      assertThatThrownBy(() -> converse(client, "demo"))
          .isInstanceOfSatisfying(
              AwsServiceException.class,
              e -> {
                assertThat(e.statusCode()).isEqualTo(403);
                assertThat(e.awsErrorDetails().errorCode()).isEqualTo(code);
              });
    }
  }

  private BedrockRuntimeClient sync(AwsCredentials credentials, Region region) {
    return BedrockRuntimeClient.builder()
        .endpointOverride(server.endpoint())
        .region(region)
        .credentialsProvider(StaticCredentialsProvider.create(credentials))
        .build();
  }

  private static String converse(BedrockRuntimeClient client, String model) {
    return client
        .converse(
            c ->
                c.modelId(model).messages(m -> m.role("user").content(ContentBlock.fromText("hi"))))
        .output()
        .message()
        .content()
        .getFirst()
        .text();
  }
}
