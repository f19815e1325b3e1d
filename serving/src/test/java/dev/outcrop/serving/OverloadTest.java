package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A server that has more to do than it can is not one that is dead. */
final class OverloadTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String STREAM = "/model/demo/converse-stream";
  private static final int SLOTS = 32;
  private static final Duration PROBE = Duration.ofSeconds(10);

  private static RawHttp.Response probe(TestServer server, String path) throws IOException {
    try (RawHttp http = new RawHttp(server.server.managementPort())) {
      http.waitFor(PROBE);
      http.write(RawHttp.request("GET", path, "", ""));
      return http.response();
    }
  }

  private static List<RawHttp> fill(TestServer server) throws Exception {
    List<RawHttp> clients = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      RawHttp client = new RawHttp(server.server.port());
      clients.add(client);
      client.write(RawHttp.request("POST", STREAM, HI, ""));
    }
    Await.until(() -> server.batcher.open() == SLOTS);
    return clients;
  }

  @Test
  void livesAndIsReadyWithAllSlotsTakenAndMoreAtTheDoor() throws Exception {
    try (TestServer server =
        new TestServer(_ -> "ok", TestServer.http(settings -> settings.maxRequests = SLOTS))) {
      server.batcher.hold = true;
      List<RawHttp> clients = fill(server);
      for (int i = 0; i < SLOTS; i++) {
        assertThat(RawHttp.post(server.server.port(), STREAM, HI).status()).isEqualTo(429);
      }

      for (String path : List.of("/livez", "/readyz", "/startupz", "/metrics")) {
        assertThat(probe(server, path).status()).as(path).isEqualTo(200);
      }
      for (RawHttp client : clients) {
        client.close();
      }
    }
  }

  /** Virtual threads that compute leave no carrier to others; a probe must not be one of them. */
  @Test
  void livesWhileRequestsKeepAllCarriersBusy() throws Exception {
    try (TestServer server =
        new TestServer(_ -> "ok", TestServer.http(settings -> settings.maxRequests = SLOTS))) {
      Spin spin = new Spin();
      server.batcher.fault = spin;
      List<RawHttp> clients = new ArrayList<>();
      try {
        for (int i = 0; i < SLOTS; i++) {
          RawHttp client = new RawHttp(server.server.port());
          clients.add(client);
          client.write(RawHttp.request("POST", STREAM, HI, ""));
        }
        Await.until(() -> spin.spinning() >= Runtime.getRuntime().availableProcessors());

        assertThat(probe(server, "/livez").status()).isEqualTo(200);
        assertThat(probe(server, "/readyz").status()).isEqualTo(200);
      } finally {
        spin.end();
      }
      for (RawHttp client : clients) {
        client.close();
      }
    }
  }

  /** Computes until it is told to end. */
  private static final class Spin implements ScriptedBatcher.Fault {
    private final AtomicInteger spinning = new AtomicInteger();
    private volatile boolean over;

    @Override
    public void strike() {
      spinning.incrementAndGet();
      while (!over) {
        Thread.onSpinWait();
      }
    }

    int spinning() {
      return spinning.get();
    }

    void end() {
      over = true;
    }
  }
}
