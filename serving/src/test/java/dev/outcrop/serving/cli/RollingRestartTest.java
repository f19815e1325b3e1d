package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.Balancer;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.SdkClients;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.Message;

/**
 * Server processes behind a balancer: each is restarted in turn, and one comes to those that are
 * there, under streams that never pause, some of them longer than a server that leaves takes
 * requests. What is measured is printed.
 */
@Tag("long")
@Timeout(600)
final class RollingRestartTest {
  private static final int STREAMS = 32;
  private static final int HTTP2_CLIENTS = 16;

  @TempDir private Path folder;
  private final List<PacedServer> servers = new ArrayList<>();
  private final List<BedrockRuntimeAsyncClient> sdks = new ArrayList<>();
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private final Queue<String> lost = new ConcurrentLinkedQueue<>();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger retried = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Future<?>> clients = new ArrayList<>();
  private Balancer balancer;
  private Path config;
  private int started;

  @BeforeEach
  void open() throws IOException {
    balancer = new Balancer();
  }

  @AfterEach
  void close() throws IOException {
    over.set(true);
    threads.shutdownNow();
    servers.forEach(PacedServer::close);
    sdks.forEach(BedrockRuntimeAsyncClient::close);
    balancer.close();
  }

  private void configure(String connectionAge) throws IOException {
    config =
        Files.writeString(
            folder.resolve("outcrop.yaml"),
            """
            http: {port: 0, connection-age: %s}
            management: {port: 0}
            drain-delay: 3s
            drain-timeout: 60s
            """
                .formatted(connectionAge));
  }

  private PacedServer start() throws Exception {
    PacedServer server = PacedServer.start(config, folder.resolve("served-" + started++), balancer);
    servers.add(server);
    Await.until(server.backend()::ready);
    return server;
  }

  private void stopClients() throws Exception {
    over.set(true);
    for (Future<?> client : clients) {
      client.get();
    }
  }

  private interface Asking {
    String ask(String id) throws Exception;
  }

  private void loop(String name, Asking client) {
    clients.add(
        threads.submit(
            () -> {
              for (int i = 0; !over.get(); i++) {
                String id = name + "-" + i;
                asked.add(id);
                try {
                  String answer = client.ask(id);
                  if (!answer.equals(PacedServer.answer(id))) {
                    lost.add(id + " was answered " + answer);
                  }
                } catch (Exception e) {
                  lost.add(id + ": " + e);
                }
              }
            }));
  }

  /** HTTP/2 clients with retries, each with a connection of its own for its streams. */
  private void startHttp2(int streams) {
    for (int i = 0; i < HTTP2_CLIENTS; i++) {
      BedrockRuntimeAsyncClient sdk =
          SdkClients.retrying(
              URI.create("http://127.0.0.1:" + balancer.port()), retried::incrementAndGet);
      sdks.add(sdk);
      for (int j = 0; j < streams / HTTP2_CLIENTS; j++) {
        loop("h2-%d-%d".formatted(i, j), id -> ask(sdk, id));
      }
    }
  }

  /** HTTP/1.1 clients that keep their connections and try nothing again but what got a 503. */
  private void startHttp1(int streams) {
    for (int i = 0; i < streams; i++) {
      KeptConnection connection = new KeptConnection(balancer.port(), refused);
      loop("h1-" + i, connection::ask);
    }
  }

  private static String ask(BedrockRuntimeAsyncClient sdk, String id) {
    StringBuilder text = new StringBuilder();
    AtomicBoolean whole = new AtomicBoolean();
    sdk.converseStream(
            r ->
                r.modelId("demo")
                    .messages(
                        Message.builder()
                            .role(ConversationRole.USER)
                            .content(ContentBlock.fromText("<" + id + ">"))
                            .build()),
            ConverseStreamResponseHandler.builder()
                .subscriber(
                    ConverseStreamResponseHandler.Visitor.builder()
                        .onContentBlockDelta(event -> text.append(event.delta().text()))
                        .onMetadata(_ -> whole.set(true))
                        .build())
                .build())
        .join();
    return whole.get() ? text.toString() : "in part: " + text;
  }

  private static final class KeptConnection {
    private final int port;
    private final AtomicInteger refused;
    private RawHttp http;
    private long idleSince;

    KeptConnection(int port, AtomicInteger refused) {
      this.port = port;
      this.refused = refused;
    }

    String ask(String id) throws IOException {
      if (http == null) {
        http = new RawHttp(port);
        idleSince = System.nanoTime();
      }
      long idle = System.nanoTime() - idleSince;
      String body =
          "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"<%s>\"}]}]}".formatted(id);
      try {
        http.write(RawHttp.request("POST", "/model/demo/converse-stream", body, ""));
        RawHttp.Response response = http.response();
        if ("close".equals(response.header("Connection"))) {
          drop();
        }
        if (response.status() == 503 && http == null) {
          refused.incrementAndGet(); // by a server that it was on when it left
          return ask(id);
        }
        idleSince = System.nanoTime();
        return response.status() == 200
            ? RawHttp2.text(RawHttp2.messages(response.body()))
            : "status " + response.status();
      } catch (IOException e) {
        drop();
        throw new IOException("after %d ms without a request".formatted(idle / 1_000_000), e);
      }
    }

    private void drop() throws IOException {
      if (http != null) {
        http.close();
        http = null;
      }
    }
  }

  private List<String> served() throws IOException {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < started; i++) {
      Path file = folder.resolve("served-" + i);
      if (Files.exists(file)) {
        ids.addAll(Files.readAllLines(file));
      }
    }
    return ids;
  }

  @Test
  void losesNoStreamAndServesNoneTwice() throws Exception {
    configure("5s");
    List<PacedServer> old = List.of(start(), start(), start());
    startHttp2(STREAMS / 2);
    startHttp1(STREAMS / 2);
    Await.until(() -> asked.size() > 2 * STREAMS);

    for (PacedServer server : old) {
      assertThat(server.terminate()).as("exit status").isZero();
      start();
    }
    int atLast = asked.size();
    Await.until(() -> asked.size() > atLast + 2 * STREAMS);
    stopClients();

    List<String> served = served();
    long doubled = served.size() - served.stream().distinct().count();
    System.out.printf(
        "rolling restart of 3 servers under %d streams: %d asked, %d lost, %d doubled, %d told 503 first over HTTP/1.1, %d retries of the SDK%n",
        STREAMS, asked.size(), lost.size(), doubled, refused.get(), retried.get());
    assertThat(lost).isEmpty();
    assertThat(served).containsExactlyInAnyOrderElementsOf(asked);
  }

  @Test
  void aNewReplicaGetsItsShareOnlyWhereConnectionsEnd() throws Exception {
    double pinned = shareOfTheThird("0s");
    double spread = shareOfTheThird("5s");

    assertThat(pinned).isZero();
    assertThat(spread).isGreaterThan(0.15);
  }

  /** Its share of the requests of the last of four spells of five seconds. */
  private double shareOfTheThird(String age) throws Exception {
    over.set(false);
    clients.clear();
    configure(age);
    PacedServer one = start();
    PacedServer two = start();
    startHttp2(STREAMS);
    Await.until(() -> asked.size() > STREAMS);
    PacedServer third = start();
    Path file = folder.resolve("served-" + (started - 1));
    StringBuilder shares = new StringBuilder();
    double share = 0;
    for (int i = 0; i < 4; i++) {
      int before = served().size();
      long own = count(file);
      TimeUnit.SECONDS.sleep(5); // what is measured is time
      share = (count(file) - own) / (double) Math.max(1, served().size() - before);
      shares.append(String.format(Locale.ROOT, " %.0f %%", 100 * share));
    }
    System.out.printf(
        "share of a third replica, connection-age %s, in spells of 5 s:%s%n", age, shares);
    stopClients();
    sdks.forEach(BedrockRuntimeAsyncClient::close);
    sdks.clear();
    for (PacedServer server : List.of(one, two, third)) {
      assertThat(server.terminate()).isZero();
    }
    assertThat(lost).isEmpty();
    return share;
  }

  private static long count(Path file) throws IOException {
    return Files.exists(file) ? Files.readAllLines(file).size() : 0;
  }
}
