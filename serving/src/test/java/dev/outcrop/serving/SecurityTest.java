package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.token.credentials.SdkToken;
import software.amazon.awssdk.http.auth.scheme.BearerAuthScheme;

/** With a key file nothing is reached without a key. */
final class SecurityTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String KEY = "sk-acme-1";
  private static final String SIGNATURE =
      "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host,"
          + " Signature=00";

  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    Path keys =
        Files.writeString(
            folder.resolve("keys.txt"),
            "# keys\n%s acme 3 # the first\n\n%s other\n".formatted(hash(KEY), hash("sk-other")));
    server = new TestServer(request -> "ok", config -> config.withAuth(new AuthConfig(keys)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "Authorization: Bearer sk-acme-1",
    "authorization: bearer  sk-acme-1 ",
    "x-api-key: sk-acme-1"
  })
  void letsKeyIn(String header) throws IOException {
    assertThat(post("/model/demo/converse", header + "\r\n").status()).isEqualTo(200);
    assertThat(server.batcher.requests.getFirst().service().tenant()).isEqualTo("acme");
    assertThat(server.batcher.requests.getFirst().service().weight()).isEqualTo(3);
  }

  @Test
  void letsKeyInBesideASignature() throws IOException {
    assertThat(
            post(
                    "/model/demo/converse",
                    "Authorization: " + SIGNATURE + "\r\nx-api-key: sk-other\r\n")
                .status())
        .isEqualTo(200);
    assertThat(server.batcher.requests.getFirst().service().tenant()).isEqualTo("other");
    assertThat(server.batcher.requests.getFirst().service().weight()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          X-Nothing: 1                  | MissingAuthenticationTokenException | Missing Authentication Token
          Authorization: Bearer         | MissingAuthenticationTokenException | Missing Authentication Token
          Authorization: Basic YTpi     | MissingAuthenticationTokenException | Missing Authentication Token
          Authorization: Bearer wrong   | AccessDeniedException | Please make sure your API Key is valid.
          x-api-key: wrong              | AccessDeniedException | Please make sure your API Key is valid.
          Authorization: AWS4-HMAC-SHA256 Credential=x | IncompleteSignatureException | Authorization header requires 'SignedHeaders' parameter.
          """)
  void keepsOthersOut(String header, String type, String message) throws IOException {
    for (String path : List.of("/model/demo/converse", "/model/none/invoke", "/", "/metrics")) {
      RawHttp.Response response = post(path, header + "\r\n");
      assertThat(response.status()).isEqualTo(403);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo(type);
      assertThat(response.text()).contains(message);
    }
    assertThat(server.batcher.requests).isEmpty();
  }

  @Test
  void letsTheSdkInWithABearerToken() {
    try (var client =
        software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient.builder()
            .endpointOverride(server.endpoint())
            .region(software.amazon.awssdk.regions.Region.US_EAST_1)
            .authSchemeProvider(
                params ->
                    List.of(
                        software.amazon.awssdk.http.auth.spi.scheme.AuthSchemeOption.builder()
                            .schemeId(BearerAuthScheme.SCHEME_ID)
                            .build()))
            .tokenProvider(() -> token(KEY))
            .build()) {
      assertThat(
              client
                  .converse(
                      c ->
                          c.modelId("demo")
                              .messages(
                                  m ->
                                      m.role("user")
                                          .content(
                                              software.amazon.awssdk.services.bedrockruntime.model
                                                  .ContentBlock.fromText("hi"))))
                  .output()
                  .message()
                  .content()
                  .getFirst()
                  .text())
          .isEqualTo("ok");
    }
  }

  @Test
  void bindsLoopbackOnlyWithoutKeys() {
    assertThatThrownBy(
            () ->
                OutcropServer.start(
                    ServingConfig.DEFAULT.withHttp(
                        ServingConfig.DEFAULT.http().withPort(0).withHost("0.0.0.0")),
                    List.of()))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("http.host is 0.0.0.0")
        .hasMessageContaining("auth.key-file");
  }

  private RawHttp.Response post(String path, String headers) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", path, HI, headers));
      return http.response();
    }
  }

  private static SdkToken token(String key) {
    return new SdkToken() {
      @Override
      public String token() {
        return key;
      }

      @Override
      public java.util.Optional<java.time.Instant> expirationTime() {
        return java.util.Optional.empty();
      }
    };
  }

  private static String hash(String key) throws Exception {
    return HexFormat.of()
        .formatHex(
            MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
  }
}
