package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.Signer;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a policy allows is the same on the OpenAI surface, and what it denies is told as there. */
final class OpenAiPolicyTest {
  private static final String CHAT =
      "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":10";

  @TempDir private Path folder;
  private final ObjectMapper mapper = new ObjectMapper();
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants:
              - {id: acme}
            principals:
              - {id: all, tenant: acme, models: ["*"], api-keys: [{sha256: %s}]}
              - {id: none, tenant: acme, api-keys: [{sha256: %s}]}
              - {id: over, tenant: acme, models: ["*"], api-keys: [{sha256: %s, expires: 2020-01-01T00:00:00Z}]}
              - {id: rare, tenant: acme, models: ["*"], quota: {requests-per-minute: 1}, api-keys: [{sha256: %s}]}
              - {id: two, tenant: acme, models: ["*"], quota: {concurrent-requests: 2}, api-keys: [{sha256: %s}]}
              - {id: little, tenant: acme, models: ["*"], quota: {tokens-per-minute: 100}, api-keys: [{sha256: %s}]}
            """
                .formatted(
                    Signer.sha256("k-all"),
                    Signer.sha256("k-none"),
                    Signer.sha256("k-over"),
                    Signer.sha256("k-rare"),
                    Signer.sha256("k-two"),
                    Signer.sha256("k-little")));
    server = new TestServer(_ -> "okay", config -> config.withAuth(AuthConfig.policy(policy)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "k-none, 403, permission_denied",
    "k-over, 401, invalid_api_key",
    "k-nobody, 401, invalid_api_key"
  })
  void refusesWhoMayNot(String key, int status, String code) throws IOException {
    RawHttp.Response response = chat(key, "}");

    assertThat(response.status()).isEqualTo(status);
    assertThat(mapper.readTree(response.body()).at("/error/code").textValue()).isEqualTo(code);
    assertThat(server.batcher.requests).isEmpty();
  }

  @Test
  void showsOnlyTheModelsThatMayBeCalled() throws IOException {
    assertThat(list("k-all").findValuesAsText("id")).contains(TestServer.MODEL, "demo");
    assertThat(list("k-none").get("data")).isEmpty();
    assertThat(send("k-all", "GET", "/v1/models/demo", "").status()).isEqualTo(200);
    assertThat(send("k-none", "GET", "/v1/models/demo", "").status()).isEqualTo(404);
  }

  @Test
  void throttlesAsOpenAiDoes() throws IOException {
    assertThat(chat("k-rare", "}").status()).isEqualTo(200);
    RawHttp.Response second = chat("k-rare", "}");

    assertThat(second.status()).isEqualTo(429);
    assertThat(Integer.parseInt(second.header("retry-after"))).isPositive();
    assertThat(mapper.readTree(second.body()).at("/error/code").textValue())
        .isEqualTo("rate_limit_exceeded");
  }

  @Test
  void countsTheTokensOfEveryChoice() throws Exception {
    assertThat(chat("k-little", ",\"n\":2}").status()).isEqualTo(200);
    assertThat(chat("k-little", ",\"n\":8}").status()).isEqualTo(429);
    Await.until(() -> server.batcher.open() == 0);
  }

  @Test
  void countsEveryChoiceAsARequest() throws Exception {
    RawHttp.Response never = chat("k-two", ",\"n\":3}");
    assertThat(never.status()).isEqualTo(400);
    assertThat(never.text()).contains("3 completions");
    Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
    assertThat(chat("k-two", ",\"n\":2}").status()).isEqualTo(200);
    Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));

    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          RawHttp.request(
              "POST", "/v1/chat/completions", CHAT + "}", "Authorization: Bearer k-two\r\n"));
      Await.until(() -> server.batcher.open() == 1);

      RawHttp.Response second = chat("k-two", ",\"n\":2}");
      assertThat(second.status()).isEqualTo(429);
      assertThat(second.header("retry-after")).isEqualTo("1");
      assertThat(server.batcher.open()).isEqualTo(1);
    }
  }

  private RawHttp.Response chat(String key, String rest) throws IOException {
    return send(key, "POST", "/v1/chat/completions", CHAT + rest);
  }

  private JsonNode list(String key) throws IOException {
    return mapper.readTree(send(key, "GET", "/v1/models", "").body());
  }

  private RawHttp.Response send(String key, String method, String path, String body)
      throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          RawHttp.request(method, path, body, "Authorization: Bearer %s\r\n".formatted(key)));
      return http.response();
    }
  }
}
