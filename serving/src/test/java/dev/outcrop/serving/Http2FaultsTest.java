package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.serving.config.TlsConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestCertificate;
import dev.outcrop.serving.testing.TestServer;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.eventstream.Message;

/**
 * What Helidon 4.5 does to HTTP/2 streams when it is not kept from it: it cuts them at a client's
 * GOAWAY, when a connection counts as idle and when the server stops, and it takes a preface that
 * comes in pieces for HTTP/1.1.
 */
final class Http2FaultsTest {
  private static final String STREAM = "/model/demo/converse-stream";
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";

  private final TestCertificate certificate = new TestCertificate();
  @TempDir private Path folder;
  private TestServer server;

  /** What is below HTTP/2. */
  private enum Layer {
    CLEARTEXT,
    TLS
  }

  private void start(Layer layer, Duration idle) throws IOException {
    certificate.write(folder);
    server =
        new TestServer(
            request -> "0123456789",
            TestServer.http(
                settings -> {
                  settings.idleTimeout = idle;
                  settings.tls =
                      layer == Layer.CLEARTEXT
                          ? TlsConfig.DEFAULT
                          : new TlsConfig(
                              folder.resolve("tls.crt"),
                              folder.resolve("tls.key"),
                              Duration.ofHours(1));
                }));
    server.batcher.hold = true;
  }

  private RawHttp2 open(Layer layer, int pieceSize) throws IOException {
    int port = server.server.port();
    RawHttp2 http =
        new RawHttp2(
            layer == Layer.CLEARTEXT
                ? new Socket("127.0.0.1", port)
                : certificate.connect(port, "h2"));
    http.open(pieceSize);
    return http;
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource
  void goesOnAfterGracefulGoAway(Layer layer) throws Exception {
    start(layer, Duration.ofMinutes(5));
    try (RawHttp2 http = open(layer, 100)) {
      http.post(1, STREAM, HI);
      byte[] first = firstToken(http);
      http.goAway(0);
      server.batcher.streams.getFirst().release(4);
      byte[] second = http.untilData(1);
      http.goAway(0);

      assertThatTheRestComes(http, first, second);
    }
  }

  @ParameterizedTest
  @EnumSource
  void endsConnectionAfterGoAwayWithError(Layer layer) throws Exception {
    start(layer, Duration.ofMinutes(5));
    try (RawHttp2 http = open(layer, 100)) {
      http.post(1, STREAM, HI);
      Await.until(() -> server.batcher.open() == 1);
      http.goAway(2);
      assertThatThrownBy(() -> http.rest(1)).isInstanceOf(EOFException.class);
    }
    Await.until(() -> server.batcher.open() == 0);
  }

  @ParameterizedTest
  @CsvSource({"CLEARTEXT, 1", "CLEARTEXT, 3", "CLEARTEXT, 7", "TLS, 1", "TLS, 3", "TLS, 7"})
  void takesPrefaceInPieces(Layer layer, int pieceSize) throws IOException {
    start(layer, Duration.ofMinutes(5));
    server.batcher.hold = false;
    try (RawHttp2 http = open(layer, pieceSize)) {
      http.post(1, "/model/demo/converse", HI);
      assertThat(new String(http.rest(1), StandardCharsets.UTF_8)).contains("0123456789");
    }
  }

  @ParameterizedTest
  @EnumSource
  void goesOnWhenTheConnectionIsOldEnoughToBeIdle(Layer layer) throws Exception {
    start(layer, Duration.ofMillis(200));
    try (RawHttp2 http = open(layer, 100)) {
      http.post(1, STREAM, HI);
      byte[] first = firstToken(http);
      idleConnectionEnds(layer);
      idleConnectionEnds(layer);

      for (int ping = 0; ping < 3; ping++) {
        http.ping();
      }
      assertThatTheRestComes(http, first);
    }
  }

  @ParameterizedTest
  @EnumSource
  void endsStreamsWhenTheServerStops(Layer layer) throws Exception {
    start(layer, Duration.ofMinutes(5));
    try (RawHttp2 http = open(layer, 100)) {
      http.post(1, STREAM, HI);
      byte[] first = firstToken(http);
      Thread stopping = Thread.ofVirtual().start(server::close);
      Await.until(this::refuses);

      for (int ping = 0; ping < 3; ping++) {
        http.ping();
      }
      assertThatTheRestComes(http, first);
      stopping.join();
    }
  }

  private byte[] firstToken(RawHttp2 http) throws Exception {
    Await.until(() -> server.batcher.open() == 1);
    server.batcher.streams.getFirst().release(1);
    return http.untilData(1);
  }

  private void assertThatTheRestComes(RawHttp2 http, byte[]... before) throws IOException {
    server.batcher.streams.getFirst().release(100);
    byte[][] parts = java.util.Arrays.copyOf(before, before.length + 1);
    parts[before.length] = http.rest(1);
    List<Message> messages = RawHttp2.messages(parts);
    assertThat(RawHttp2.text(messages)).isEqualTo("0123456789");
    assertThat(messages.getLast().getHeaders().get(":event-type").getString())
        .isEqualTo("metadata");
  }

  /** A connection that is opened now is closed as idle, so older ones were looked at as well. */
  private void idleConnectionEnds(Layer layer) throws IOException {
    try (RawHttp2 idle = open(layer, 100)) {
      idle.untilEnd();
    }
  }

  private boolean refuses() {
    try (Socket socket = new Socket("127.0.0.1", server.server.port())) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }
}
