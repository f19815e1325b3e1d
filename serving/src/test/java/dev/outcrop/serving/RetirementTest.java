package dev.outcrop.serving;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.TlsConfig;
import dev.outcrop.serving.testing.Balancer;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.SdkClients;
import dev.outcrop.serving.testing.TestCertificate;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.Message;

/** Connections that end of age, under clients that use them. */
final class RetirementTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String TEXT = "0123456789".repeat(3);
  private static final String STREAM = "/model/demo/converse-stream";
  private static final Duration AGE = Duration.ofMillis(200);
  private static final int CLIENTS = 16;
  private static final int STREAMS_EACH = 3;

  @TempDir private Path folder;
  private final TestCertificate certificate = new TestCertificate();
  private final AtomicBoolean over = new AtomicBoolean();
  private TestServer server;

  private void start(boolean tls, Duration age) throws IOException {
    certificate.write(folder);
    server =
        new TestServer(
            _ -> TEXT,
            TestServer.http(
                settings -> {
                  settings.connectionAge = age;
                  if (tls) {
                    settings.tls =
                        new TlsConfig(
                            folder.resolve("tls.crt"),
                            folder.resolve("tls.key"),
                            Duration.ofHours(1));
                  }
                }));
    server.batcher.hold = true;
    Thread.ofPlatform().daemon().start(this::generate);
  }

  /** Gives each stream a token every few milliseconds, so that connections come of age under it. */
  private void generate() {
    try {
      while (!over.get()) {
        server.batcher.streams.stream()
            .filter(stream -> !stream.closed)
            .forEach(stream -> stream.release(1));
        TimeUnit.MILLISECONDS.sleep(6);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @AfterEach
  void stop() {
    over.set(true);
    server.close();
  }

  /** A client that asks for a stream and tells its text once the end of it came. */
  private interface Asking {
    String ask() throws Exception;
  }

  private void askAll(Asking client) throws Exception {
    List<Future<Void>> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(
            threads.submit(
                () -> {
                  for (int j = 0; j < STREAMS_EACH; j++) {
                    assertThat(client.ask()).isEqualTo(TEXT);
                  }
                  return null;
                }));
      }
    }
    for (Future<Void> each : clients) {
      each.get();
    }
    assertThat(server.batcher.requests).as("none lost, none twice").hasSize(CLIENTS * STREAMS_EACH);
  }

  private static String text(byte[] body) {
    var messages = RawHttp2.messages(body);
    assertThat(messages.getLast().getHeaders().get(":event-type").getString())
        .isEqualTo("metadata");
    return RawHttp2.text(messages);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void streamsOfTheAwsClientAreWhole(boolean tls) throws Exception {
    start(tls, AGE);
    try (Balancer balancer = new Balancer()) {
      var backend = balancer.add(server.server.port());
      URI endpoint = URI.create((tls ? "https" : "http") + "://localhost:" + balancer.port());
      try (BedrockRuntimeAsyncClient client = SdkClients.retrying(endpoint)) {
        askAll(() -> asked(client));
      }
      assertThat(backend.connections()).isGreaterThan(2);
    }
  }

  private static String asked(BedrockRuntimeAsyncClient client) {
    StringBuilder text = new StringBuilder();
    AtomicBoolean whole = new AtomicBoolean();
    client
        .converseStream(
            r ->
                r.modelId("demo")
                    .messages(
                        Message.builder()
                            .role(ConversationRole.USER)
                            .content(ContentBlock.fromText("hi"))
                            .build()),
            ConverseStreamResponseHandler.builder()
                .subscriber(
                    ConverseStreamResponseHandler.Visitor.builder()
                        .onContentBlockDelta(event -> text.append(event.delta().text()))
                        .onMetadata(_ -> whole.set(true))
                        .build())
                .build())
        .join();
    assertThat(whole).isTrue();
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource({"HTTP_2, true", "HTTP_1_1, true", "HTTP_1_1, false"})
  void streamsOfTheJdkClientAreWhole(HttpClient.Version version, boolean tls) throws Exception {
    start(tls, AGE);
    try (Balancer balancer = new Balancer();
        HttpClient client =
            HttpClient.newBuilder().version(version).sslContext(certificate.trusting()).build()) {
      var backend = balancer.add(server.server.port());
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create(
                      "%s://localhost:%d%s"
                          .formatted(tls ? "https" : "http", balancer.port(), STREAM)))
              .POST(HttpRequest.BodyPublishers.ofString(HI))
              .build();
      askAll(
          () -> {
            HttpResponse<byte[]> response =
                client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.version()).isEqualTo(version);
            return text(response.body());
          });
      assertThat(backend.connections())
          .isGreaterThan(version == HttpClient.Version.HTTP_2 ? 2 : CLIENTS);
    }
  }

  @Test
  void servesWhatCameAfterItAskedForNoMoreAndThenNamesTheLast() throws Exception {
    start(false, AGE);
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, STREAM, HI);
      assertThat(http.untilGoAway()).isEqualTo(Integer.MAX_VALUE);
      http.post(3, STREAM, HI);
      assertThat(text(http.rest(3))).isEqualTo(TEXT);
      assertThat(http.untilGoAway()).isEqualTo(3);
      http.post(5, STREAM, HI);
      http.ping();
      assertThat(server.batcher.requests).as("not the one after the last").hasSize(2);
    }
  }

  @Test
  void saysWithTheNextAnswerThatItIsTheLast() throws Exception {
    start(false, AGE);
    try (RawHttp http = new RawHttp(server.server.port())) {
      int answers = 0;
      RawHttp.Response response;
      do {
        http.write(RawHttp.request("POST", STREAM, HI, ""));
        response = http.response();
        assertThat(text(response.body())).isEqualTo(TEXT);
        answers++;
      } while (!"close".equals(response.header("Connection")));

      assertThat(http.ended()).isTrue();
      assertThat(server.batcher.requests).hasSize(answers);
    }
  }

  @Test
  void keepsConnectionsWhereTheyNeedNotEnd() throws Exception {
    start(false, Duration.ZERO);
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/nothing", new String(new byte[3], UTF_8), ""));
      assertThat(http.response().header("Connection")).isNotEqualTo("close");
    }
  }
}
