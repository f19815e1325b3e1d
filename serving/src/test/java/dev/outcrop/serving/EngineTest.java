package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The server over the real batcher, on an engine without weights that counts. */
final class EngineTest {
  private static final String COUNT =
      IntStream.rangeClosed(1, 50).mapToObj(String::valueOf).collect(Collectors.joining(" "));

  private final AtomicBoolean broken = new AtomicBoolean();
  private Batcher batcher;
  private OutcropServer server;

  @BeforeEach
  void start() {
    int[] count = ByteText.bytes(COUNT);
    FakeEngine engine =
        new FakeEngine(
            new KvGeometry(32, 256, 1, 1_024),
            Roofline.INSTANT,
            (history, prompt, length) ->
                length - prompt < count.length ? count[length - prompt] : ByteText.END,
            (step, plan) -> broken.get() ? ModelError.ENGINE_DEAD : null,
            nanos -> {});
    batcher =
        Batchers.start(
            "demo", engine, new BatchingConfig(16, 128, 64, 8_192, 500), System::nanoTime);
    HttpConfig http = ServingConfig.DEFAULT.http().withPort(0);
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(http)
                .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
            List.of(
                new ServedModel("demo", List.of(), batcher, new ByteText(), TestServer.DEFAULTS)));
  }

  @AfterEach
  void stop() {
    server.close();
    batcher.close();
  }

  @Test
  void answersManyClientsInFull() throws Exception {
    List<Callable<String>> calls = new ArrayList<>();
    for (int i = 0; i < 48; i++) {
      calls.add(() -> RawHttp.post(server.port(), "/model/demo/converse", chat("hi")).text());
    }
    for (String text : all(calls)) {
      assertThat(text).contains("\"text\":\"" + COUNT + "\"");
    }
    assertThat(batcher.signals().kvUnitsReferenced()).isZero();
  }

  @Test
  void freesTheCacheOfClientsThatLeave() throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    List<Callable<String>> calls = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      int readUntil = random.nextInt(3);
      calls.add(() -> leave(readUntil));
    }
    all(calls);
    Await.until(
        () ->
            batcher.signals().kvUnitsReferenced() == 0
                && batcher.signals().running() == 0
                && batcher.signals().waiting() == 0);
    assertThat(RawHttp.post(server.port(), "/model/demo/converse", chat("hi")).text())
        .contains(COUNT);
  }

  @Test
  void namesTheNumbersWhenThePromptIsTooLong() throws IOException {
    RawHttp.Response response =
        RawHttp.post(server.port(), "/model/demo/converse", chat("x".repeat(2_000)));

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.text())
        .startsWith("{\"message\":\"Input is too long for requested model. ")
        .contains("1024");
  }

  @Test
  void tellsThatTheEngineIsDead() throws Exception {
    broken.set(true);
    RawHttp.post(server.port(), "/model/demo/converse", chat("hi"));
    Await.until(() -> !batcher.alive());

    RawHttp.Response response = RawHttp.post(server.port(), "/model/demo/converse", chat("hi"));

    assertThat(response.status()).isEqualTo(503);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ServiceUnavailableException");
  }

  private String leave(int readUntil) throws IOException {
    try (RawHttp http = new RawHttp(server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/converse-stream", chat("hello"), ""));
      switch (readUntil) {
        case 0 -> {}
        case 1 -> http.readUntil("messageStart");
        default -> http.readUntil("metadata");
      }
      return "";
    }
  }

  private static List<String> all(List<Callable<String>> calls) throws Exception {
    List<String> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<String> future : threads.invokeAll(calls)) {
        results.add(future.get());
      }
    }
    return results;
  }

  private static String chat(String text) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"" + text + "\"}]}]}";
  }
}
