package dev.outcrop.serving.cli;

import dev.outcrop.batching.BatchingConfig;
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
import dev.outcrop.serving.embed.ServedEncoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads an encoder and starts its batcher, which from then on owns it. Used by one thread. */
final class EncoderHost {
  private static final Logger LOG = LoggerFactory.getLogger(EncoderHost.class);
  private static final int SHORTEST = 64;
  private static final int WARM_UP_TOKENS = 16;
  private static final int WARM_UPS = 3;

  private EncoderHost() {}

  static ServedEncoder load(ModelConfig config, LoadOptions options) {
    if (LoadedEncoder.isReranker(config.path())) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          config.path() + ": is a classifier or reranker, which no operation serves yet");
    }
    LoadedEncoder model = LoadedEncoder.open(config.path(), options);
    int longest = model.info().contextTokens();
    EncodeBatcher batcher =
        EncodeBatcher.start(
            config.id(),
            new Engine(model),
            encodeConfig(longest, config.batching()),
            System::nanoTime);
    warmUp(batcher, Math.min(WARM_UP_TOKENS, longest));
    return new ServedEncoder(
        config.id(),
        config.aliases(),
        batcher,
        text -> model.tokenizer().encode(text).ids(),
        model.info().hiddenSize(),
        longest);
  }

  /**
   * No text waits while the encoder is free: those that come while it runs are the next batch. The
   * encoder pads nothing; lengths only keep texts from waiting for much longer ones.
   */
  private static EncodeConfig encodeConfig(int longest, BatchingConfig batching) {
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
        Duration.ZERO,
        batching.maxWaiting(),
        Math.max(batching.maxWaitingTokens(), longest),
        batching.sharing().tenantRequests());
  }

  /** The first batches of an encoder are slow; they are nobody's. */
  private static void warmUp(EncodeBatcher batcher, int length) {
    for (int i = 0; i < WARM_UPS; i++) {
      switch (batcher.submit(new EncodeRequest("warm-up", 1, new int[length]))) {
        case EncodeSubmit.Accepted(EncodeTicket ticket) -> {
          try (ticket) {
            ticket.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        }
        case EncodeSubmit.Refused(var reason, var message, var retryAfter) ->
            LOG.warn("no warm-up: {}, {}, retry after {}", reason, message, retryAfter);
      }
    }
  }

  /** The encoder as its batcher drives it. */
  private record Engine(LoadedEncoder model) implements Encoder {
    @Override
    public float[][] encode(EncodeBatch batch) {
      int[][] ids = new int[batch.rows()][];
      for (int row = 0; row < ids.length; row++) {
        ids[row] = batch.tokens(row);
      }
      return model.embed(ids);
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
