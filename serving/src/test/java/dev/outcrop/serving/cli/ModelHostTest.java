package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Fit;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.encode.EncodeBatch;
import dev.outcrop.batching.encode.EncodeBatcher;
import dev.outcrop.batching.encode.EncodeConfig;
import dev.outcrop.batching.encode.Encoder;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.TextModel;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.ScriptedBatcher;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelHostTest {
  private static final int ENOUGH = 100_000;
  private static final int MANY = 1_000_000_000;

  private static BatchingConfig limits(int waitingTokens, int tenantTokens) {
    BatchingConfig all = BatchingConfig.DEFAULT;
    BatchingConfig.Sharing sharing = all.sharing();
    return new BatchingConfig(
        all.maxRunning(),
        all.maxStepTokens(),
        1,
        waitingTokens,
        all.defaultMaxTokens(),
        new BatchingConfig.Sharing(
            sharing.guests(),
            sharing.tokenInterval(),
            sharing.flexFloor(),
            sharing.prefixes(),
            sharing.cacheShare(),
            1,
            tenantTokens),
        all.objectives(),
        all.shapes());
  }

  private static TextModel.Detokenizer detokenizer() {
    return new ByteText().detokenizer();
  }

  @ParameterizedTest
  @CsvSource({
    "4096, 256, 8",
    "96, 96, 8",
    "14, 14, 7",
    "12, 12, 6",
    "2, 2, 1",
    "4096, 50, 8",
    "4096, 20, 8",
    "4096, 4, 2"
  })
  void theFirstRequestFitsHoweverSmallTheModelsContextOrMemory(
      int context, int memory, int generated) {
    KvGeometry kv = new KvGeometry(1, memory, 1, context);
    GenerateRequest request = ModelHost.firstRequest(new int[100], kv, BatchingConfig.DEFAULT);

    assertThat(Fit.of(request, kv, BatchingConfig.DEFAULT)).isEqualTo(new Fit.Fits(generated));
  }

  @Test
  void theFirstRequestIsNoLongerThanTheQueueTakes() {
    KvGeometry kv = new KvGeometry(1, 4096, 1, 4096);

    assertThat(ModelHost.firstRequest(new int[100], kv, limits(10, MANY)).prompt()).hasSize(10);
    assertThat(ModelHost.firstRequest(new int[100], kv, limits(ENOUGH, MANY)).prompt()).hasSize(48);
    assertThat(ModelHost.firstRequest(new int[0], kv, limits(ENOUGH, MANY)).prompt()).hasSize(48);
  }

  @ParameterizedTest
  @CsvSource({"1, 1000000000", "100000, 50", "100000, 9", "100000, 3", "100000, 2", "1, 2"})
  void everyLimitUnderWhichARequestCanRunLetsTheFirstOneIn(int waitingTokens, int tenantTokens) {
    KvGeometry kv = new KvGeometry(16, 256, 1, 1_024);
    BatchingConfig limits = limits(waitingTokens, tenantTokens);
    try (Batcher batcher =
        Batchers.start("demo", new FakeEngine(kv, 200), limits, System::nanoTime)) {
      assertThatCode(
              () ->
                  ModelHost.warmUp(
                      "demo",
                      batcher,
                      detokenizer(),
                      ModelHost.firstRequest(new int[100], kv, limits)))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void aModelWhoseLimitsRefuseEveryRequestDoesNotStart() {
    try (ScriptedBatcher batcher = new ScriptedBatcher(_ -> "")) {
      batcher.refusal =
          new SubmitResult.Rejected(
              SubmitResult.Reason.TENANT_QUOTA, "0 requests are in", Duration.ofSeconds(1));
      GenerateRequest request =
          ModelHost.firstRequest(new int[2], new KvGeometry(1, 8, 1, 8), limits(1, 1));

      assertThatThrownBy(() -> ModelHost.warmUp("demo", batcher, detokenizer(), request))
          .isInstanceOfSatisfying(
              OutcropException.class,
              e -> assertThat(e.code()).isEqualTo(ServingError.START_FAILED))
          .hasMessage(
              "demo: its limits refuse a prompt of 1 tokens with 1 to generate: TENANT_QUOTA, 0 requests are in");
    }
  }

  @Test
  void aBundleRunsItsOwnShapesOnly() {
    CompiledShapes compiled = new CompiledShapes(List.of(32), List.of(1, 8), List.of(128));
    CompiledShapes others = new CompiledShapes(List.of(32), List.of(1, 4), List.of(128));

    assertThatThrownBy(() -> ModelHost.requireShapes("demo", others, compiled))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ServingError.START_FAILED))
        .hasMessage(
            "demo: batching.shapes must be left out or be those of the bundle, which was compiled for"
                + " prefill-tokens [32], decode-rows [1, 8] and contexts [128]");
    for (CompiledShapes wanted : List.of(compiled, CompiledShapes.DEFAULT)) {
      assertThatCode(() -> ModelHost.requireShapes("demo", wanted, compiled))
          .doesNotThrowAnyException();
    }
    assertThatCode(() -> ModelHost.requireShapes("demo", others, CompiledShapes.DEFAULT))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16})
  void anEncoderRunsAFewTextsFirst(int length) {
    Counting encoder = new Counting(null);
    try (EncodeBatcher batcher =
        EncodeBatcher.start("demo", encoder, EncodeConfig.DEFAULT, System::nanoTime)) {
      EncoderHost.warmUp("demo", batcher, length);
    }
    assertThat(encoder.tokens).hasValue(3 * length);
  }

  @Test
  void anEncoderThatCannotRunDoesNotStart() {
    OutcropException fault = new OutcropException(ModelError.ENGINE_DEAD, "out of memory");
    try (EncodeBatcher batcher =
        EncodeBatcher.start("demo", new Counting(fault), EncodeConfig.DEFAULT, System::nanoTime)) {
      assertThatThrownBy(() -> EncoderHost.warmUp("demo", batcher, 16))
          .isInstanceOf(OutcropException.class)
          .hasMessageContaining("out of memory");
    }
  }

  @Test
  void anEncoderThatRefusesTheFirstTextDoesNotStart() {
    try (EncodeBatcher batcher =
        EncodeBatcher.start("demo", new Counting(null), EncodeConfig.DEFAULT, System::nanoTime)) {
      assertThatThrownBy(() -> EncoderHost.warmUp("demo", batcher, 513))
          .hasMessage(
              "demo: its limits refuse a text of 513 tokens: NEVER_FITS, text of 513 tokens exceeds the longest of 512");
    }
  }

  /** Counts the tokens it gets, or cannot run. */
  private static final class Counting implements Encoder {
    private final OutcropException fault;
    private final AtomicInteger tokens = new AtomicInteger();

    Counting(OutcropException fault) {
      this.fault = fault;
    }

    @Override
    public float[][] encode(EncodeBatch batch) {
      if (fault != null) {
        throw fault;
      }
      for (int[] text : batch.tokens()) {
        tokens.addAndGet(text.length);
      }
      return new float[batch.tokens().length][2];
    }

    @Override
    public void close() {}
  }
}
