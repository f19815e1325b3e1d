package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.Signer;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the policy file allows, over HTTP. */
final class PolicyTest {
  private static final String CONVERSE = "/model/demo/converse";
  private static final String SECRET = "a/secret+of-the-tests-0000000000000";

  @TempDir private Path folder;
  private Path policy;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    policy = folder.resolve("policy.yaml");
    write("");
    server =
        new TestServer(request -> "okay", config -> config.withAuth(AuthConfig.policy(policy)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** A policy with some principals, and more lines. */
  private void write(String more) throws IOException {
    Path next = folder.resolve("next");
    Files.writeString(
        next,
        """
        tenants:
          - {id: acme, weight: 3}
          - {id: small, quota: {tokens-per-minute: 160}}
        principals:
          - {id: all, tenant: acme, models: ["*"], tier: priority, api-keys: [{sha256: %s}], access-keys: [{id: AKALL, secret: %s}]}
          - {id: llama, tenant: acme, models: ["meta.llama3-1-8b*"], api-keys: [{sha256: %s}]}
          - {id: other, tenant: acme, models: ["other", "*x*"], api-keys: [{sha256: %s}]}
          - {id: none, tenant: acme, api-keys: [{sha256: %s}]}
          - {id: over, tenant: acme, models: ["*"], api-keys: [{sha256: %s, expires: 2020-01-01T00:00:00Z}]}
          - {id: rare, tenant: acme, models: ["*"], quota: {requests-per-minute: 2}, api-keys: [{sha256: %s}]}
          - {id: one, tenant: acme, models: ["*"], quota: {concurrent-requests: 1}, api-keys: [{sha256: %s}]}
          - {id: little, tenant: small, models: ["*"], api-keys: [{sha256: %s}]}
        """
                .formatted(
                    Signer.sha256("k-all"),
                    SECRET,
                    Signer.sha256("k-llama"),
                    Signer.sha256("k-other"),
                    Signer.sha256("k-none"),
                    Signer.sha256("k-over"),
                    Signer.sha256("k-rare"),
                    Signer.sha256("k-one"),
                    Signer.sha256("k-little"))
            + more);
    Files.move(next, policy, StandardCopyOption.REPLACE_EXISTING);
  }

  @ParameterizedTest
  @CsvSource({
    "k-all, 200",
    "k-llama, 200",
    "k-other, 403",
    "k-none, 403",
  })
  void letsPrincipalsCallTheModelsOfTheirPolicy(String key, int status) throws IOException {
    for (String operation :
        new String[] {"converse", "converse-stream", "invoke", "invoke-with-response-stream"}) {
      String body = operation.startsWith("invoke") ? "{\"prompt\":\"x\"}" : hi(10);
      RawHttp.Response response = post(key, "/model/demo/" + operation, body);
      assertThat(response.status()).as(operation).isEqualTo(status);
      if (status == 403) {
        assertThat(response.header("x-amzn-ErrorType")).isEqualTo("AccessDeniedException");
        assertThat(response.text())
            .contains("You don't have access to the model with the specified model ID.");
      }
    }
    assertThat(server.batcher.requests).hasSize(status == 200 ? 4 : 0);
  }

  @Test
  void countsTenantWeightAndTier() throws IOException {
    post("k-all", CONVERSE, hi(10).replaceFirst("}$", ",\"serviceTier\":{\"type\":\"priority\"}}"));
    post(
        "k-llama",
        CONVERSE,
        hi(10).replaceFirst("}$", ",\"serviceTier\":{\"type\":\"priority\"}}"));

    assertThat(server.batcher.requests)
        .extracting(request -> request.service().tenant())
        .containsOnly("acme");
    assertThat(server.batcher.requests.getFirst().service().weight()).isEqualTo(3);
    assertThat(server.batcher.requests)
        .extracting(request -> request.service().tier())
        .containsExactly(Tier.PRIORITY, Tier.DEFAULT);
  }

  @Test
  void refusesKeysThatAreOver() throws IOException {
    RawHttp.Response response = post("k-over", CONVERSE, hi(10));

    assertThat(response.status()).isEqualTo(403);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("AccessDeniedException");
    assertThat(response.text()).contains("Bearer Token has expired");
  }

  @Test
  void throttlesRequestsBeyondTheQuota() throws IOException {
    assertThat(post("k-rare", CONVERSE, hi(10)).status()).isEqualTo(200);
    assertThat(post("k-rare", CONVERSE, hi(10)).status()).isEqualTo(200);

    RawHttp.Response response = post("k-rare", CONVERSE, hi(10));

    throttled(response, "Too many requests, please wait before trying again.");
    assertThat(Integer.parseInt(response.header("Retry-After"))).isBetween(1, 30);
    assertThat(post("k-all", CONVERSE, hi(10)).status()).isEqualTo(200);
  }

  @Test
  void throttlesMoreRequestsAtOnceThanTheQuotaAllows() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CONVERSE, hi(10), "Authorization: Bearer k-one\r\n"));
      Await.until(() -> server.batcher.open() == 1);

      throttled(
          post("k-one", CONVERSE, hi(10)), "Too many requests, please wait before trying again.");
      server.batcher.streams.getFirst().release(100);
      assertThat(http.response().status()).isEqualTo(200);
    }
    server.batcher.hold = false;
    Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
    assertThat(post("k-one", CONVERSE, hi(10)).status()).isEqualTo(200);
  }

  @Test
  void throttlesTokensBeyondTheQuotaAndGivesBackWhatWasNotUsed() throws Exception {
    server.batcher.hold = true;
    int prompt;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CONVERSE, hi(100), "x-api-key: k-little\r\n"));
      Await.until(() -> server.batcher.open() == 1);
      prompt = server.batcher.requests.getFirst().prompt().length;

      RawHttp.Response response = post("k-little", CONVERSE, hi(100));
      throttled(response, "Too many tokens, please wait before trying again.");
      assertThat(Integer.parseInt(response.header("Retry-After"))).isBetween(1, 60);
      server.batcher.streams.getFirst().release(100);
      assertThat(http.response().status()).isEqualTo(200);
    }
    server.batcher.hold = false;
    Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
    assertThat(prompt).isBetween(5, 30);
    assertThat(post("k-little", CONVERSE, hi(160 - 2 * prompt - 6)).status()).isEqualTo(200);
  }

  @Test
  void reservesNoMoreThanTheModelCanGenerate() throws Exception {
    server.batcher.hold = true;
    server.batcher.room = 100;
    String most =
        "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":2000000000,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/invoke", most, "x-api-key: k-little\r\n"));
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.hold = false;

      assertThat(post("k-little", CONVERSE, hi(10)).status()).isEqualTo(200);
    }
  }

  @Test
  void refusesWhatCanNeverFitWithoutAskingTheQuota() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CONVERSE, hi(100), "x-api-key: k-little\r\n"));
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.refusal =
          new SubmitResult.Rejected(
              SubmitResult.Reason.COMPLETION_NEVER_FITS, "200 of 128", Duration.ZERO);

      RawHttp.Response response = post("k-little", CONVERSE, hi(200));
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.text()).contains("200 of 128");
    }
  }

  @Test
  void takesAChangedFileAndKeepsTheOldOneForAWrongOne() throws Exception {
    assertThat(post("k-new", CONVERSE, hi(10)).status()).isEqualTo(403);
    write(
        "  - {id: new, tenant: acme, models: [demo*, meta*], api-keys: [{sha256: %s}]}\n"
            .formatted(Signer.sha256("k-new")));
    Await.until(() -> status("k-new") == 200);

    write("  - {id: broken\n");
    Await.until(() -> server.metrics().contains("reloads_total{result=\"refused\",} 1.0"));
    assertThat(status("k-new")).isEqualTo(200);

    write("");
    Await.until(() -> status("k-new") == 403);
    assertThat(server.metrics()).contains("reloads_total{result=\"taken\",} 2.0");
    assertThat(status("k-all")).isEqualTo(200);
  }

  @Test
  void letsShortTermKeysIn() throws IOException {
    Signer signer = new Signer("AKALL", SECRET);
    String action = "CallWithBearerToken";
    assertThat(post(signer.shortTermKey(43_200, action, null), CONVERSE, hi(10)).status())
        .isEqualTo(200);
    assertThat(server.batcher.requests.getFirst().service().tenant()).isEqualTo("acme");

    signer.time = signer.time.minus(Duration.ofHours(2));
    RawHttp.Response over = post(signer.shortTermKey(3_600, action, null), CONVERSE, hi(10));
    assertThat(over.status()).isEqualTo(403);
    assertThat(over.header("x-amzn-ErrorType")).isEqualTo("AccessDeniedException");
    assertThat(over.text()).contains("Bearer Token has expired");
  }

  private static void throttled(RawHttp.Response response, String message) {
    assertThat(response.status()).isEqualTo(429);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ThrottlingException");
    assertThat(response.text()).contains(message);
  }

  private int status(String key) {
    try {
      return post(key, CONVERSE, hi(10)).status();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private RawHttp.Response post(String key, String path, String body) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", path, body, "Authorization: Bearer " + key + "\r\n"));
      return http.response();
    }
  }

  private static String hi(int maxTokens) {
    return """
        {"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{"maxTokens":%d}}"""
        .formatted(maxTokens);
  }
}
