package dev.outcrop.serving.cli;

import dev.outcrop.batching.encode.EncodeAnswer;
import dev.outcrop.batching.encode.EncodeBatch;
import dev.outcrop.batching.encode.EncodeBatcher;
import dev.outcrop.batching.encode.EncodeConfig;
import dev.outcrop.batching.encode.EncodeRequest;
import dev.outcrop.batching.encode.EncodeSubmit;
import dev.outcrop.batching.encode.EncodeTicket;
import dev.outcrop.batching.encode.Encoder;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedEncoder;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.cost.ModelBill;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.error.ServingError;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Loads an encoder and starts its batcher, which from then on owns it. Used by one thread. */
final class EncoderHost {
  private static final int SHORTEST = 64;
  private static final int WARM_UP_TOKENS = 16;
  private static final int WARM_UPS = 3;

  private EncoderHost() {}

  static ServedEncoder load(ModelConfig config, LoadOptions options) {
    int labels = LoadedEncoder.labels(config.path());
    if (labels > 1) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "%s: is a classifier of %d labels; a reranker has one".formatted(config.path(), labels));
    }
    CheckpointEncoderText.Prompts prompts = CheckpointEncoderText.Prompts.of(config);
    LoadedEncoder model = LoadedEncoder.open(config.path(), options);
    int longest = model.info().contextTokens();
    Encoder engine = labels == 1 ? new Scores(model) : new Embeddings(model);
    EncodeBatcher batcher =
        EncodeBatcher.start(config.id(), engine, encodeConfig(longest, config), System::nanoTime);
    try {
      warmUp(config.id(), batcher, Math.min(WARM_UP_TOKENS, longest));
    } catch (RuntimeException e) {
      batcher.close();
      throw e;
    }
    CheckpointEncoderText text = new CheckpointEncoderText(model.tokenizer(), prompts);
    return labels == 1
        ? new ServedEncoder.Reranker(config.id(), config.aliases(), batcher, text, longest)
        : new ServedEncoder.Embedder(
            config.id(),
            config.aliases(),
            batcher,
            text,
            model.info().hiddenSize(),
            model.info().vocabularySize(),
            longest);
  }

  /**
   * Without a delay no text waits while the encoder is free: those that come while it runs are the
   * next batch. The encoder pads nothing; lengths only keep texts from waiting for much longer
   * ones.
   */
  private static EncodeConfig encodeConfig(int longest, ModelConfig config) {
    List<Integer> lengths = new ArrayList<>();
    for (int length = SHORTEST; length < longest; length *= 2) {
      lengths.add(length);
    }
    lengths.add(longest);
    EncodeConfig defaults = EncodeConfig.DEFAULT;
    return new EncodeConfig(
        lengths,
        Math.max(defaults.maxBatchTokens(), longest),
        defaults.maxBatchRows(),
        config.encoding().maxDelay(),
        config.batching().maxWaiting(),
        Math.max(config.batching().maxWaitingTokens(), longest),
        config.batching().sharing().tenantRequests());
  }

  /** The first batches of an encoder are slow; they are nobody's. What cannot run is not ready. */
  static void warmUp(String id, EncodeBatcher batcher, int length) {
    for (int i = 0; i < WARM_UPS; i++) {
      switch (batcher.submit(new EncodeRequest(ModelBill.WARM_UP, 1, new int[length]))) {
        case EncodeSubmit.Accepted(EncodeTicket ticket) -> {
          try (ticket) {
            if (ticket.await() instanceof EncodeAnswer.Failed(var error)) {
              throw error;
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        }
        case EncodeSubmit.Refused(var reason, var message, var _) ->
            throw new OutcropException(
                ServingError.START_FAILED,
                "%s: its limits refuse a text of %d tokens: %s, %s"
                    .formatted(id, length, reason, message));
      }
    }
  }

  /** A model that makes embeddings, as its batcher drives it. */
  private record Embeddings(LoadedEncoder model) implements Encoder {
    @Override
    public float[][] encode(EncodeBatch batch) {
      return model.embed(batch.tokens());
    }

    @Override
    public void close() {
      model.close();
    }
  }

  /** A reranker, in the same way. */
  private record Scores(LoadedEncoder model) implements Encoder {
    @Override
    public float[][] encode(EncodeBatch batch) {
      int[][] ids = batch.tokens();
      int[][] types = new int[ids.length][];
      for (int row = 0; row < types.length; row++) {
        int @Nullable [] own = batch.types(row);
        types[row] = own == null ? new int[ids[row].length] : own;
      }
      return model.score(ids, types);
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
