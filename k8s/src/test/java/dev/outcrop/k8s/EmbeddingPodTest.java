package dev.outcrop.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.batching.encode.EncodeAnswer;
import dev.outcrop.batching.encode.EncodeBatch;
import dev.outcrop.batching.encode.EncodeBatcher;
import dev.outcrop.batching.encode.EncodeConfig;
import dev.outcrop.batching.encode.EncodeRequest;
import dev.outcrop.batching.encode.EncodeSubmit;
import dev.outcrop.batching.encode.EncodeTicket;
import dev.outcrop.k8s.policy.Decision;
import dev.outcrop.k8s.policy.Needs;
import dev.outcrop.k8s.policy.PolicySettings;
import dev.outcrop.k8s.policy.PolicyState;
import dev.outcrop.k8s.policy.ReplicaPolicy;
import dev.outcrop.k8s.policy.WorkloadReading;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.embed.EncoderText;
import dev.outcrop.serving.embed.ServedEncoder;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A real server of an encoder that runs one text of 500 tokens in half a second. */
class EmbeddingPodTest {
  private static final String MODEL = "amazon.titan-embed-text-v2:0";
  private static final int TOKENS = 500;
  private static final EncodeConfig ONE_BY_ONE =
      new EncodeConfig(List.of(TOKENS), TOKENS, 1, Duration.ZERO, 1_000, 1_000_000, 1_000);

  private final AtomicLong nanos = new AtomicLong();
  private final Semaphore begun = new Semaphore(0);
  private final Semaphore steps = new Semaphore(0);
  private final EncodeBatcher batcher =
      EncodeBatcher.start(MODEL, this::encode, ONE_BY_ONE, nanos::get);
  private final OutcropServer server =
      OutcropServer.start(
          ServingConfig.DEFAULT
              .withHttp(ServingConfig.DEFAULT.http().withPort(0))
              .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
          List.of(),
          List.of(
              new ServedEncoder.Embedder(
                  MODEL, List.of(), batcher, new NoText(), 1, 1_000, TOKENS)));
  private final PodReader reader = new PodReader(Duration.ofSeconds(10));

  @AfterEach
  void stop() {
    steps.release(1_000_000);
    server.close();
    batcher.close();
    reader.close();
  }

  private float[][] encode(EncodeBatch batch) {
    begun.release();
    steps.acquireUninterruptibly();
    nanos.addAndGet(Duration.ofMillis(500).toNanos());
    return new float[batch.rows()][1];
  }

  private EncodeTicket submit() {
    return ((EncodeSubmit.Accepted) batcher.submit(new EncodeRequest("tenant", 1, new int[TOKENS])))
        .ticket();
  }

  @Test
  void isAddedToByWhatWaitsOverTheRateThatItLearned() throws Exception {
    steps.release();
    assertThat(submit().await()).isInstanceOf(EncodeAnswer.Vector.class);
    submit();
    begun.acquire(2);
    for (int i = 0; i < 10; i++) {
      submit();
    }
    steps.release(2);
    begun.acquire(2); // the second of the ten: what waited is told after the first

    PodSignals signals =
        reader.read(URI.create("http://127.0.0.1:" + server.managementPort()), MODEL);

    assertThat(signals.pace().prefillTokensPerSecond()).isCloseTo(1_000, within(1e-6));
    assertThat(signals.waiting()).isEqualTo(9);
    assertThat(signals.waitingPromptTokens()).isEqualTo(9 * TOKENS);
    Instant now = Instant.parse("2026-11-21T10:00:00Z");
    Decision decision =
        new ReplicaPolicy(PolicySettings.between(1, 8))
            .step(
                PolicyState.START,
                new WorkloadReading(
                    MODEL,
                    now,
                    1,
                    List.of(
                        new WorkloadReading.Pod.Answering(
                            "pod", now.minus(Duration.ofDays(1)), signals))))
            .decision();
    assertThat(decision.needs().figure()).isEqualTo(Needs.Figure.QUEUE);
    assertThat(decision.needs().queue()).isCloseTo(9 * TOKENS / 1_000.0 / 2, within(1e-6));
    assertThat(decision.scaling().desiredReplicas()).isEqualTo(3);
  }

  /** Texts come as tokens here. */
  private static final class NoText implements EncoderText {
    @Override
    public Tokens encode(String text) {
      throw new AssertionError("no text here");
    }

    @Override
    public Tokens encode(String first, String second) {
      throw new AssertionError("no text here");
    }

    @Override
    public String prompt(Purpose purpose) {
      return "";
    }
  }
}
