package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

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

/** Who knows the id of an access key, and no secret, cannot take the place of others. */
final class StrangersTest {
  private static final int MAX_BODY = 400_000;

  /** What the server holds for a body of which nothing has come. */
  private static final int FIRST_PIECE = 8 * 1_024;

  private static final String CONVERSE = "/model/demo/converse";
  private static final String SECRET = "a/secret+of-the-tests-0000000000000";

  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants: [{id: acme}]
            principals:
              - id: app
                tenant: acme
                models: ["*"]
                api-keys: [{sha256: %s}]
                access-keys: [{id: AKTEST, secret: %s}]
            """
                .formatted(Signer.sha256("key"), SECRET));
    server =
        new TestServer(
            request -> "ok",
            config ->
                TestServer.http(
                        settings -> {
                          settings.maxBody = MAX_BODY;
                          settings.bodyMemory = 3 * MAX_BODY;
                          settings.maxRequests = 4;
                        })
                    .apply(config)
                    .withAuth(AuthConfig.policy(policy)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void haveAPartOfTheMemory() throws Exception {
    String large = body(380_000);
    try (RawHttp one = new RawHttp(server.server.port())) {
      String request = RawHttp.request("POST", CONVERSE, large, signed(large));
      one.write(request.substring(0, request.length() - 10));
      awaitBodies(MAX_BODY + 1);
      assertThat(status(large, signed(large))).isEqualTo(429);
      assertThat(status(large, "Authorization: Bearer key\r\n")).isEqualTo(200);
      one.write(request.substring(request.length() - 10));
      assertThat(one.response().status()).isEqualTo(403);
    }
    Await.until(() -> status(large, signed(large)) == 403);
  }

  @Test
  void haveAPartOfThePlaces() throws Exception {
    String small = body(100);
    String head = RawHttp.request("POST", CONVERSE, small, signed(small)).split("\\{")[0];
    try (RawHttp one = new RawHttp(server.server.port());
        RawHttp two = new RawHttp(server.server.port())) {
      one.write(head);
      two.write(head);
      awaitBodies(2 * FIRST_PIECE);
      assertThat(status(small, signed(small))).isEqualTo(429);
      for (int i = 0; i < 3; i++) {
        assertThat(status(small, "Authorization: Bearer key\r\n")).isEqualTo(200);
      }
      one.write(small);
      assertThat(one.response().status()).isEqualTo(403);
      assertThat(status(small, signed(small))).isEqualTo(403);
    }
  }

  /** Signed with a wrong secret, and without a hash of the body. */
  private static String signed(String body) {
    return new Signer("AKTEST", SECRET + "x").lines("POST", CONVERSE, "localhost", body);
  }

  /** Waits until bodies hold so much memory: before that, another request may be the first. */
  private void awaitBodies(long bytes) throws InterruptedException {
    String line = "outcrop_request_body_bytes " + (double) bytes + "\n";
    Await.until(() -> server.metrics().contains(line));
  }

  private int status(String body, String headers) {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CONVERSE, body, headers));
      return http.response().status();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A request of so many bytes. */
  private static String body(int length) {
    String text = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
    return text.substring(0, text.length() - 1) + " ".repeat(length - text.length()) + "}";
  }
}
