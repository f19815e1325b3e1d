package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What requests may keep in memory has bounds, before and after their keys were seen. */
final class RequestMemoryTest {
  private static final int MAX_BODY = 400_000;
  private static final String CONVERSE = "/model/demo/converse";
  private static final String KEY = "sk-acme-1";
  private static final String KEYED = "Authorization: Bearer " + KEY + "\r\n";
  private static final String CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";

  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(StandardCharsets.UTF_8));
    Path keys =
        Files.writeString(folder.resolve("keys.txt"), HexFormat.of().formatHex(hash) + " acme 1\n");
    server =
        new TestServer(
            request -> "ok",
            config ->
                TestServer.http(
                        settings -> {
                          settings.maxBody = MAX_BODY;
                          settings.bodyMemory = 2 * MAX_BODY;
                        })
                    .apply(config)
                    .withAuth(new AuthConfig(keys)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void refusesLargeBodiesWhileThereIsNoMemoryForMore() throws Exception {
    server.batcher.hold = true;
    try (RawHttp one = new RawHttp(server.server.port());
        RawHttp two = new RawHttp(server.server.port())) {
      one.write(request(body(350_000), KEYED));
      Await.until(() -> server.batcher.open() == 1); // while it is read, a body takes more
      two.write(request(body(350_000), KEYED));
      Await.until(() -> server.batcher.open() == 2);

      RawHttp.Response large = post(body(350_000), KEYED);
      assertThat(large.status()).isEqualTo(429);
      assertThat(large.header("x-amzn-ErrorType")).isEqualTo("ThrottlingException");
      assertThat(large.header("Retry-After")).isEqualTo("1");

      server.batcher.hold = false;
      assertThat(post(body(1_000), KEYED).status()).isEqualTo(200);
      server.batcher.streams.forEach(stream -> stream.release(100));
      assertThat(one.response().status()).isEqualTo(200);
      assertThat(two.response().status()).isEqualTo(200);
      Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
      assertThat(post(body(350_000), KEYED).status()).isEqualTo(200);
    }
  }

  @Test
  void takesLargestBodyInOneChunk() throws Exception {
    String body = body(MAX_BODY);
    for (int i = 0; i < 3; i++) {
      try (RawHttp http = new RawHttp(server.server.port())) {
        http.write(head(KEYED + CHUNKED) + Integer.toHexString(MAX_BODY) + "\r\n" + body);
        http.write("\r\n0\r\n\r\n");
        assertThat(http.response().status()).isEqualTo(200);
      }
      Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
    }
  }

  @Test
  void refusesLineOfChunkThatNeverEnds() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(head(KEYED + CHUNKED) + "a".repeat(MAX_BODY + 100_000));
      assertThat(http.response().status()).isEqualTo(413);
      assertThat(http.ended()).isTrue();
    }
  }

  @Test
  void refusesChunkThatIsNone() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(head(KEYED + CHUNKED) + "5\nhello");
      assertThat(http.response().status()).isEqualTo(400);
      assertThat(http.ended()).isTrue();
    }
  }

  @Test
  void hangsUpOnBodyOfStranger() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(head(CHUNKED) + "a");
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(403);
      assertThat(response.header("Connection")).isEqualTo("close");
      assertThat(endsWhileWriting(http)).isTrue();
    }
  }

  @Test
  void letsLargeRefusedBodyArriveBeforeItHangsUp() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(request(body(MAX_BODY), ""));
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(403);
      assertThat(response.header("Connection")).isEqualTo("close");
      assertThat(http.ended()).isTrue();
    }
  }

  @Test
  void keepsConnectionAfterRefusedSmallBody() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(request(body(1_000), ""));
      assertThat(http.response().status()).isEqualTo(403);
      http.write(request(body(1_000), KEYED));
      assertThat(http.response().status()).isEqualTo(200);
    }
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, CONVERSE, body(100_000));
      assertThat(new String(http.rest(1), StandardCharsets.UTF_8)).contains("Missing");
      http.post(3, CONVERSE, body(100_000));
      assertThat(new String(http.rest(3), StandardCharsets.UTF_8)).contains("Missing");
    }
  }

  @Test
  void keepsManagementConnectionAfterSmallBody() throws IOException {
    try (RawHttp http = new RawHttp(server.server.managementPort())) {
      http.write(RawHttp.request("POST", "/drain", "{}", ""));
      assertThat(http.response().status()).isEqualTo(403);
      http.write(RawHttp.request("GET", "/livez", "", ""));
      assertThat(http.response().status()).isEqualTo(200);
    }
  }

  @Test
  void refusesMoreTokensThanAnybodyNeeds() throws IOException {
    try (TestServer roomy = new TestServer(request -> "ok")) {
      String many = "{\"x\":[" + "{},".repeat(500_000) + "{}]," + body(100).substring(1);
      RawHttp.Response response = RawHttp.post(roomy.server.port(), CONVERSE, many);
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.text()).contains("not valid JSON within the limits");
    }
  }

  private static boolean endsWhileWriting(RawHttp http) throws IOException {
    String more = "a".repeat(64 * 1_024);
    try {
      for (long end = System.nanoTime() + 30_000_000_000L; System.nanoTime() < end; ) {
        http.write(more);
      }
      return false;
    } catch (SocketException e) {
      return true;
    }
  }

  private RawHttp.Response post(String body, String headers) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(request(body, headers));
      return http.response();
    }
  }

  private static String request(String body, String headers) {
    return RawHttp.request("POST", CONVERSE, body, headers);
  }

  private static String head(String headers) {
    return "POST " + CONVERSE + " HTTP/1.1\r\nHost: localhost\r\n" + headers;
  }

  /** A request of so many bytes. */
  private static String body(int length) {
    String text = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
    return text.substring(0, text.length() - 1) + " ".repeat(length - text.length()) + "}";
  }
}
