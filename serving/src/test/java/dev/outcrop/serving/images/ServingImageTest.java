package dev.outcrop.serving.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.Network;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.StopReason;

/**
 * The image outcrop-serving for cpu in real containers, on a network without a way out. {@code
 * serving/src/images/containers} starts a Docker engine, loads the image and names it in {@code
 * OUTCROP_TEST_IMAGE}.
 */
@Tag("long")
final class ServingImageTest {
  private static final String IMAGE = System.getenv("OUTCROP_TEST_IMAGE");
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int STREAMS = 16;

  /** Few enough to wait for; {@link #LONG} where streams are to be in while something happens. */
  private static final int TOKENS = 400;

  private static final int LONG = 1_400;

  private static Network inside;

  @TempDir private Path folder;

  @BeforeAll
  static void network() {
    if (IMAGE == null) {
      String reason = "skipped: no image in OUTCROP_TEST_IMAGE; outcrop test --long makes one";
      System.err.println(ServingImageTest.class.getSimpleName() + " " + reason);
      Assumptions.abort(reason);
    }
    inside = Network.builder().createNetworkCmdModifier(c -> c.withInternal(true)).build();
  }

  @AfterAll
  static void removeNetwork() {
    if (inside != null) {
      inside.close();
    }
  }

  @Test
  void startsAndAnswersWithoutAnyNetwork() throws Exception {
    try (ServingContainer server = ServingContainer.start(IMAGE, null, folder)) {
      assertThat(server.shell("id -u; id -g")).isEqualTo("10001\n10001\n");
      assertThat(server.shell("tail -n +2 /proc/net/route")).isEmpty();
      assertThat(server.shell("touch /opt/outcrop/x || touch /var/x"))
          .contains("Read-only file system");
      assertThat(server.shell("find /tmp -name '*.so*'")).isEmpty();
      assertThat(
              server.shell(
                  """
                  b='{"messages":[{"role":"user","content":[{"text":"Hello"}]}],"inferenceConfig":{"maxTokens":5}}'
                  exec 3<>/dev/tcp/127.0.0.1/8080
                  printf 'POST /model/demo/converse HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s' ${#b} "$b" >&3
                  cat <&3
                  """))
          .startsWith("HTTP/1.1 200 OK")
          .contains("\"outputTokens\":5");
      assertThat(server.log()).doesNotContain("WARN", "SEVERE", "[warning]");
    }
  }

  @Test
  void servesConverseAndConverseStreamToTheAwsSdk() {
    try (ServingContainer server = ServingContainer.start(IMAGE, inside, folder);
        var sync = server.sync();
        var async = server.async()) {
      var answer =
          sync.converse(
              c ->
                  c.modelId(ServingContainer.MODEL)
                      .messages(user("What is 17 plus 25?"))
                      .inferenceConfig(i -> i.maxTokens(40).temperature(0f)));
      Streamed streamed = new Streamed(async, "What is 17 plus 25?", 40);
      streamed.whole();
      assertThat(streamed.text()).isEqualTo(answer.output().message().content().getFirst().text());
      assertThat(answer.usage().outputTokens()).isEqualTo(40);
    }
  }

  @Test
  void losesNoTokenOfStreamsThatAreInWhenItIsStopped() throws Exception {
    try (ServingContainer server = ServingContainer.start(IMAGE, inside, folder);
        var async = server.async()) {
      Streamed undisturbed = new Streamed(async, "Tell me a story", LONG);
      undisturbed.whole();
      List<Streamed> streams = streams(async, LONG);
      assertThat(streams).allSatisfy(stream -> assertThat(stream.done).isNotDone());
      server.stop(PATIENCE);
      for (Streamed stream : streams) {
        stream.whole();
        assertThat(stream.text()).isEqualTo(undisturbed.text());
      }
      assertThat(server.state().getExitCodeLong()).isZero();
      assertThat(server.log()).contains("draining, 16 requests are in");
    }
  }

  @Test
  void goesOnWhenItsNeighbourIsKilled(@TempDir Path other) throws Exception {
    try (ServingContainer server = ServingContainer.start(IMAGE, inside, folder);
        ServingContainer neighbour = ServingContainer.start(IMAGE, inside, other);
        var clients = server.async();
        var losers = neighbour.async()) {
      List<Streamed> streams = streams(clients, LONG);
      List<Streamed> lost = streams(losers, LONG);
      assertThat(lost).allSatisfy(stream -> assertThat(stream.done).isNotDone());
      neighbour.kill();
      for (Streamed stream : lost) {
        // An error that the client sees, never an end that looks like one.
        assertThatThrownBy(stream::end).hasMessageContaining("SdkClientException");
        assertThat(stream.stopReason).isNull();
      }
      streams.forEach(Streamed::whole);
      assertThat(neighbour.state().getExitCodeLong()).isEqualTo(137);
      assertThat(server.state().getRunning()).isTrue();
    }
  }

  @Test
  void staysInsideItsMemoryLimitUnderSixteenStreams() throws Exception {
    try (ServingContainer server = ServingContainer.start(IMAGE, inside, folder);
        var async = server.async()) {
      for (int round = 0; round < 2; round++) {
        streams(async, TOKENS).forEach(Streamed::whole);
      }
      assertThat(server.state().getOOMKilled()).isFalse();
      assertThat(server.state().getRunning()).isTrue();
      assertThat(number(server, "memory.max", "memory/memory.limit_in_bytes"))
          .isEqualTo(ServingContainer.MEMORY);
      long peak =
          number(server, "memory.peak", "memory/memory.max_usage_in_bytes", "memory.current");
      System.err.printf(
          "ServingImageTest peak of memory %d of %d%n", peak, ServingContainer.MEMORY);
      assertThat(peak).isPositive().isLessThanOrEqualTo(ServingContainer.MEMORY);
    }
  }

  /** What the first of some files of the control group that is there says. */
  private static long number(ServingContainer server, String... files) throws Exception {
    String script = "cd /sys/fs/cgroup && cat %s 2>/dev/null | head -n 1";
    return Long.parseLong(server.shell(script.formatted(String.join(" ", files))).strip());
  }

  /** Streams that have all begun. */
  private static List<Streamed> streams(BedrockRuntimeAsyncClient client, int tokens)
      throws InterruptedException {
    List<Streamed> streams = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      streams.add(new Streamed(client, "Tell me a story", tokens));
    }
    for (Streamed stream : streams) {
      assertThat(stream.begun.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(stream.text()).isNotEmpty();
    }
    return streams;
  }

  private static Message user(String text) {
    return Message.builder().role("user").content(c -> c.text(text)).build();
  }

  /** One ConverseStream and what came of it. */
  private static final class Streamed {
    private final StringBuffer texts = new StringBuffer();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CompletableFuture<Void> done;
    private final int tokens;
    private volatile StopReason stopReason;
    private volatile int outputTokens;

    Streamed(BedrockRuntimeAsyncClient client, String question, int tokens) {
      this.tokens = tokens;
      var visitor =
          ConverseStreamResponseHandler.Visitor.builder()
              .onContentBlockDelta(
                  e -> {
                    texts.append(e.delta().text());
                    begun.countDown();
                  })
              .onMessageStop(e -> stopReason = e.stopReason())
              .onMetadata(e -> outputTokens = e.usage().outputTokens())
              .build();
      this.done =
          client.converseStream(
              c ->
                  c.modelId(ServingContainer.MODEL)
                      .messages(user(question))
                      .inferenceConfig(i -> i.maxTokens(tokens).temperature(0f)),
              ConverseStreamResponseHandler.builder().subscriber(visitor).build());
      done.whenComplete((nothing, failure) -> begun.countDown());
    }

    void end() throws Exception {
      done.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    void whole() {
      assertThat(done).succeedsWithin(PATIENCE);
      assertThat(stopReason).isEqualTo(StopReason.MAX_TOKENS);
      assertThat(outputTokens).isEqualTo(tokens);
    }

    String text() {
      return texts.toString();
    }
  }
}
