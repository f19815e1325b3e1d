package dev.outcrop.serving;

import static dev.outcrop.serving.testing.SignedServer.SECRET;
import static dev.outcrop.serving.testing.SignedServer.TOKEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.serving.testing.SignedServer;
import dev.outcrop.serving.testing.TestServer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

/** The AWS SDK's clients with an access key of the policy file. */
final class SignedClientsTest {
  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = SignedServer.start(folder);
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
        List.of(AwsBasicCredentials.create("AKPLAIN", SECRET), session("AKSESSION", TOKEN))) {
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
        List.of(AwsBasicCredentials.create("AKPLAIN", SECRET), session("AKSESSION", TOKEN))) {
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
    refused(session("AKPLAIN", TOKEN), "UnrecognizedClientException");
    refused(session("AKSESSION", "another"), "UnrecognizedClientException");
    refused(AwsBasicCredentials.create("AKSESSION", SECRET), "UnrecognizedClientException");
    refused(session("AKOVER", TOKEN), "ExpiredTokenException");
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
