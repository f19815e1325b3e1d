package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that goes away, at whatever point, leaves nothing behind and is nobody's fault. */
final class GoneClientTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String CONVERSE = "/model/demo/converse";
  private static final String GONE = "operation=\"Converse\",status=\"499\",} 1.0";

  private final Logger logger = Logger.getLogger("dev.outcrop.serving.http");
  private final StringBuffer faults = new StringBuffer();
  private final Handler capture = new Faults();
  private TestServer server;

  @BeforeEach
  void start() {
    server =
        new TestServer(
            request -> "0123456789", TestServer.http(settings -> settings.maxRequests = 1));
    logger.addHandler(capture);
  }

  @AfterEach
  void stop() {
    logger.removeHandler(capture);
    server.close();
    assertThat(faults).isEmpty();
  }

  @Test
  void givesPermitBackWhenHttp2ConnectionEndsInBody() throws Exception {
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.begin(1, CONVERSE, 100);
      Await.until(() -> inFlight(1));
      assertThat(status()).isEqualTo(429);
    }
    Await.until(() -> inFlight(0));
    assertThat(status()).isEqualTo(200);
    Await.until(() -> server.metrics().contains("status=\"499\",} 1.0"));
  }

  @Test
  void givesPermitBackWhenHttp2StreamIsResetInBody() throws Exception {
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.begin(1, CONVERSE, 100);
      Await.until(() -> inFlight(1));
      assertThat(status()).isEqualTo(429);
      http.send(RawHttp2.RST_STREAM, 1, new byte[] {0, 0, 0, 8});
      Await.until(() -> inFlight(0));
      assertThat(status()).isEqualTo(200);
      Await.until(() -> server.metrics().contains("status=\"499\",} 1.0"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    CONVERSE + ",false",
    CONVERSE + "-stream,false",
    CONVERSE + ",true",
    CONVERSE + "-stream,true"
  })
  void givesPermitBackWhenClientOfAShutWindowGoes(String path, boolean reset, @TempDir Path folder)
      throws Exception {
    long began;
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.send(RawHttp2.SETTINGS, 0, new byte[] {0, 4, 0, 0, 0, 0});
      http.ping();
      http.post(1, path, HI);
      Await.until(() -> threads(folder).contains("blockTillUpdate"));
      assertThat(status()).isEqualTo(429);
      began = System.nanoTime();
      if (reset) {
        http.send(RawHttp2.RST_STREAM, 1, new byte[] {0, 0, 0, 8});
        Await.until(() -> inFlight(0));
        http.ping(); // others on the connection are served
      }
    }
    Await.until(() -> inFlight(0));
    // Less than the time for which a window may stay shut.
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
    assertThat(status()).isEqualTo(200);
  }

  @Test
  void leavesNoThreadWhenHttp2ConnectionEndsAfterRefusal(@TempDir Path folder) throws Exception {
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.begin(1, "/nothing", 100);
      assertThat(http.rest(1)).isNotEmpty();
      Await.until(() -> threads(folder).contains("readEntityFromPipeline"));
    }
    Await.until(() -> !threads(folder).contains("readEntityFromPipeline"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"})
  void countsClientThatClosesInBodyAsGone(String rest) throws Exception {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write("POST " + CONVERSE + " HTTP/1.1\r\nHost: localhost\r\n" + rest);
      Await.until(() -> inFlight(1));
      assertThat(status()).isEqualTo(429);
    }
    Await.until(() -> inFlight(0));
    assertThat(status()).isEqualTo(200);
    Await.until(() -> server.metrics().contains("status=\"499\",} 1.0"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"converse", "converse-stream"})
  void noticesResetBeforeFirstToken(String operation) throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/" + operation, HI, ""));
      Await.until(() -> server.batcher.open() == 1);
      http.reset();
      Await.until(() -> server.batcher.open() == 0);
    }
  }

  @Test
  void noticesResetBetweenTokensOfAWholeAnswer() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CONVERSE, HI, ""));
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.getFirst().release(3);
      http.reset();
      Await.until(() -> server.batcher.open() == 0);
      Await.until(() -> server.metrics().contains(GONE));
    }
  }

  private boolean inFlight(int requests) {
    return server.metrics().contains("outcrop_requests_in_flight " + requests + ".0");
  }

  private int status() {
    try {
      return RawHttp.post(server.server.port(), CONVERSE, HI).status();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The stacks of all threads, virtual ones too. */
  private static String threads(Path folder) {
    try {
      Path file = Files.createTempFile(folder, "threads", ".txt");
      Files.delete(file);
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private final class Faults extends Handler {
    @Override
    public void publish(LogRecord log) {
      faults.append(log.getMessage()).append('\n');
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
