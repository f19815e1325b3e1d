package dev.outcrop.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.generate.TextModel;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reads a real server's page, so that the metric names cannot drift apart. */
class PodReaderTest {
  private static final String MODEL = "meta.llama3-1-8b-instruct-v1:0";

  private final Semaphore steps = new Semaphore(0);
  private final PodReader reader = new PodReader(Duration.ofSeconds(10));
  private Batcher batcher;
  private OutcropServer server;

  @BeforeEach
  void start() {
    FakeEngine engine =
        new FakeEngine(
            new KvGeometry(32, 10, 1, 4_096),
            Roofline.INSTANT,
            FakeEngine.NextToken.hashed(1_000),
            FakeEngine.StepFault.NONE,
            _ -> steps.acquireUninterruptibly());
    batcher = Batchers.start(MODEL, engine, BatchingConfig.DEFAULT, System::nanoTime);
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
            List.of(
                new ServedModel(
                    MODEL, List.of(), batcher, new NoText(), new SamplingDefaults(0, 0, 1, 0, 1))));
  }

  @AfterEach
  void stop() {
    steps.release(1_000_000);
    server.close();
    batcher.close();
    reader.close();
  }

  private PodSignals signals() throws IOException, InterruptedException {
    return reader.read(URI.create("http://127.0.0.1:" + server.managementPort()), MODEL);
  }

  @Test
  void readsAnIdlePod() throws Exception {
    assertThat(signals())
        .isEqualTo(
            new PodSignals(true, true, 0, 0, 0, 0, 0, PodSignals.Pace.NONE, PodSignals.Burn.NONE));
  }

  @Test
  void readsHowFullTheKvCacheIs() throws Exception {
    var accepted =
        (SubmitResult.Accepted)
            batcher.submit(
                new GenerateRequest(
                    new int[50],
                    100,
                    Sampling.GREEDY,
                    new int[0],
                    GenerateRequest.Service.of("tenant", 1)));
    steps.release(2);
    assertThat(accepted.stream().next()).isInstanceOf(TokenEvent.Token.class);

    PodSignals signals = signals();

    assertThat(signals.running()).isEqualTo(1);
    assertThat(signals.kvUse()).isEqualTo(0.5);
  }

  @Test
  void namesTheFigureThatAPageLacks() {
    assertThatThrownBy(() -> PodSignals.parse("outcrop_ready 1.0\n", MODEL))
        .hasMessageContaining("outcrop_model_up");
  }

  /** No request of these tests has text. */
  private static final class NoText implements TextModel {
    @Override
    public ChatPrompt encodeChat(
        List<ChatMessage> messages, List<ToolDefinition> tools, Map<String, Object> variables) {
      throw new AssertionError("no text here");
    }

    @Override
    public CompletionParser parser(Set<String> tools, boolean reasoningIsOpen) {
      throw new AssertionError("no text here");
    }

    @Override
    public TokenConstraint constraint(
        Constraint constraint, Generation.Input input, boolean reasoningIsOpen) {
      throw new AssertionError("no text here");
    }

    @Override
    public String controlToken(int id) {
      return null;
    }

    @Override
    public int[] encodeText(String prompt) {
      throw new AssertionError("no text here");
    }

    @Override
    public int vocabulary() {
      return 0;
    }

    @Override
    public long mostCharacters() {
      return Long.MAX_VALUE;
    }

    @Override
    public Detokenizer detokenizer() {
      throw new AssertionError("no text here");
    }

    @Override
    public String tokenText(int id) {
      throw new AssertionError("no text here");
    }

    @Override
    public int[] stopTokens() {
      return new int[0];
    }
  }
}
