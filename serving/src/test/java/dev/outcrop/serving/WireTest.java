package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The wire itself: paths, connections that end and clients that leave. */
final class WireTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";

  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(request -> "0123456789");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  static Stream<String> ids() {
    return Stream.of(
        "meta.llama3-1-8b-instruct-v1:0",
        "meta.llama3-1-8b-instruct-v1%3A0",
        "meta.llama3-1-8b-instruct-v1%3a0",
        "us.meta.llama3-1-8b-instruct-v1:0",
        "global.meta.llama3-1-8b-instruct-v1%3A0",
        "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-1-8b-instruct-v1:0",
        "arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Fmeta.llama3-1-8b-instruct-v1%3A0",
        "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.meta.llama3-1-8b-instruct-v1%3A0",
        "demo",
        "%64emo",
        "org/name",
        "org%2Fname");
  }

  @ParameterizedTest
  @MethodSource("ids")
  void findsModel(String id) throws IOException {
    RawHttp.Response response =
        RawHttp.post(server.server.port(), "/model/" + id + "/converse", HI);

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.text()).contains("\"text\":\"0123456789\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"does-not-exist", "%2564emo", "%zz", "%", "%6", "%ff", "demo%00", "my%20model"})
  void refusesIdThatIsNone(String id) throws IOException {
    RawHttp.Response response =
        RawHttp.post(server.server.port(), "/model/" + id + "/converse", HI);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
  }

  @Test
  void keepsConnectionAfterAnswers() throws IOException {
    String request = RawHttp.request("POST", "/model/demo/converse", HI, "");
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(request);
      assertThat(http.response().status()).isEqualTo(200);
      http.write(request + request);
      assertThat(http.response().status()).isEqualTo(200);
      assertThat(http.response().status()).isEqualTo(200);
      http.write(RawHttp.request("POST", "/model/demo/converse-stream", HI, "") + request);
      assertThat(http.response().status()).isEqualTo(200);
      assertThat(http.response().text()).contains("0123456789");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/model/demo/converse, 200",
    "/model/demo/converse-stream, 200",
    "/model/none/converse, 400",
    "/nothing, 404"
  })
  void closesConnectionWhenTheClientAsks(String path, int status) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", path, HI, "Connection: close\r\n"));
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(status);
      assertThat(response.header("Connection")).isEqualTo("close");
      assertThat(http.ended()).isTrue();
    }
  }

  @Test
  void closesManagementConnectionWhenTheClientAsks() throws IOException {
    try (RawHttp http = new RawHttp(server.server.managementPort())) {
      String request = RawHttp.request("GET", "/livez", "", "");
      http.write(request);
      assertThat(http.response().status()).isEqualTo(200);
      http.write(request.replace("Host", "Connection: close\r\nHost"));
      assertThat(http.response().status()).isEqualTo(200);
      assertThat(http.ended()).isTrue();
    }
  }

  @Test
  void takesChunkedBodyWithoutContentType() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          "POST /model/demo/converse HTTP/1.1\r\n"
              + "Host: localhost\r\n"
              + "Transfer-Encoding: chunked\r\n\r\n"
              + Integer.toHexString(HI.length())
              + "\r\n"
              + HI
              + "\r\n0\r\n\r\n");
      assertThat(http.response().status()).isEqualTo(200);
    }
  }

  @Test
  void noticesClientThatLeavesDuringStream() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/converse-stream", HI, ""));
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.getFirst().release(1);
      http.readUntil("contentBlockDelta");
    }
    Await.until(() -> server.batcher.open() == 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"converse", "converse-stream"})
  void noticesClientThatLeavesBeforeFirstToken(String operation) throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/" + operation, HI, ""));
      Await.until(() -> server.batcher.open() == 1);
    }
    Await.until(() -> server.batcher.open() == 0);
  }

  @Test
  void noticesHttp2ClientThatLeaves() throws Exception {
    server.batcher.hold = true;
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, "/model/demo/converse-stream", HI);
      Await.until(() -> server.batcher.open() == 1);
    }
    Await.until(() -> server.batcher.open() == 0);
  }

  @Test
  void noticesHttp2StreamThatIsReset() throws Exception {
    server.batcher.hold = true;
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, "/model/demo/converse-stream", HI);
      http.post(3, "/model/demo/converse-stream", HI);
      Await.until(() -> server.batcher.open() == 2);
      http.send(RawHttp2.RST_STREAM, 1, new byte[] {0, 0, 0, 8});
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.forEach(stream -> stream.release(100));
      assertThat(RawHttp2.text(RawHttp2.messages(http.rest(3)))).isEqualTo("0123456789");
    }
  }

  @Test
  void refusesHttp2BodyThatIsTooLarge() throws IOException {
    server.close();
    server = new TestServer(request -> "ok", TestServer.http(settings -> settings.maxBody = 2_048));
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, "/model/demo/converse", " ".repeat(3_000));
      assertThat(new String(http.rest(1), StandardCharsets.UTF_8))
          .contains("larger than the limit of 2048 bytes");
      http.post(3, "/model/demo/converse", HI);
      assertThat(new String(http.rest(3), StandardCharsets.UTF_8)).contains("ok");
    }
  }
}
