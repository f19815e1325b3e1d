package dev.outcrop.models.loading;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.SentenceModules;
import dev.outcrop.models.text.EncoderTokenizer;
import dev.outcrop.models.torch.CausalEncoder;
import dev.outcrop.models.torch.ElementType;
import dev.outcrop.models.torch.TextEncoder;
import dev.outcrop.models.torch.TorchEncoder;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face or sentence-transformers folder of an encoder, open and ready. Opened and closed
 * by the process that serves it. The tokenizer is safe for any thread; {@link #embed} and {@link
 * #score} are for one thread at a time.
 */
public final class LoadedEncoder implements AutoCloseable {
  /** Tokens of texts that a decoder takes at once. */
  private static final int BATCH_TOKENS = 2_048;

  private final ModelInfo info;
  private final EncoderTokenizer tokenizer;
  private final TextEncoder encoder;

  private LoadedEncoder(ModelInfo info, EncoderTokenizer tokenizer, TextEncoder encoder) {
    this.info = info;
    this.tokenizer = tokenizer;
    this.encoder = encoder;
  }

  /**
   * Whether a folder holds a model that makes embeddings or scores, by its config.json, or by the
   * files of sentence-transformers; else it may be a decoder that generates.
   */
  public static boolean isEncoder(Path folder) {
    return EncoderConfig.isEncoder(folder) || SentenceModules.existIn(folder);
  }

  /**
   * Opens a folder. Takes as long as reading its weights.
   *
   * @throws OutcropException where a file is missing, unsound or not supported; it names the file
   */
  public static LoadedEncoder open(Path folder, LoadOptions options) {
    ModelInfo info = info(folder, options);
    EncoderTokenizer tokenizer = EncoderTokenizer.open(folder);
    try {
      return new LoadedEncoder(info, tokenizer, encoder(folder, info, options));
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static TextEncoder encoder(Path folder, ModelInfo info, LoadOptions options) {
    SentenceModules modules = SentenceModules.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder);
    ComputeType compute = CheckpointSource.compute(checkpoint, options.computed());
    ElementType type = EngineLoader.element(compute);
    if (!options.devices().isEmpty()) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "%s: devices are for models that generate; this one runs on the processor"
              .formatted(folder));
    }
    if (EncoderConfig.isEncoder(folder)) {
      if (options.quantization() != Quantization.NONE) {
        throw new OutcropException(
            ModelError.CHECKPOINT_UNSUPPORTED,
            "%s: quantization %s is for decoders; supported for this encoder: none"
                .formatted(folder, options.quantization()));
      }
      return TorchEncoder.open(
          EncoderConfig.read(folder), modules, checkpoint, type, options.threads());
    }
    DecoderConfig config = DecoderConfig.read(folder).withMaxPosition(info.contextTokens());
    int fits = EngineLoader.kvTokens(config, compute, options.kvBytes());
    int tokens = Math.max(info.contextTokens(), Math.min(BATCH_TOKENS, fits));
    return CausalEncoder.open(
        config,
        modules,
        checkpoint,
        EngineLoader.torch(
            new EngineOptions(
                compute, tokens, options.threads(), options.quantization(), options.tuning())),
        info.contextTokens());
  }

  /** Describes a folder without loading its weights. */
  public static ModelInfo inspect(Path folder, LoadOptions.Dtype dtype) {
    return info(folder, new LoadOptions(dtype, LoadOptions.DEFAULT.kvBytes(), 0, 0));
  }

  private static ModelInfo info(Path folder, LoadOptions options) {
    SentenceModules modules = SentenceModules.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder);
    int most = modules.maxTokens().orElse(Integer.MAX_VALUE);
    if (options.maxContext() != 0) {
      most = Math.min(most, options.maxContext());
    }
    if (EncoderConfig.isEncoder(folder)) {
      EncoderConfig config = EncoderConfig.read(folder);
      return info(
          checkpoint,
          options,
          config.family().modelType(),
          new int[] {config.layers(), config.hiddenSize(), config.heads(), config.heads()},
          config.vocabularySize(),
          Math.min(most, config.maxTokens()));
    }
    DecoderConfig config = DecoderConfig.read(folder);
    ComputeType type = CheckpointSource.compute(checkpoint, options.computed());
    // KV is kept for the time of a batch, so the longest text has to fit into it.
    int fits = EngineLoader.kvTokens(config, type, options.kvBytes());
    return info(
        checkpoint,
        options,
        config.family().modelType(),
        new int[] {
          config.layers().size(),
          config.hiddenSize(),
          config.attention().heads(),
          config.attention().kvHeads()
        },
        config.vocabularySize(),
        Math.min(Math.min(most, fits), config.maxPosition()));
  }

  /** The sizes are layers, hidden size, heads and KV heads. */
  private static ModelInfo info(
      Checkpoint checkpoint,
      LoadOptions options,
      String family,
      int[] sizes,
      int vocabulary,
      int longest) {
    return new ModelInfo(
        family,
        checkpoint.tensors().stream().mapToLong(StoredTensor::elements).sum(),
        checkpoint.bytes(),
        CheckpointSource.name(CheckpointSource.stored(checkpoint)),
        CheckpointSource.compute(checkpoint, options.computed()).name().toLowerCase(Locale.ROOT),
        sizes[0],
        sizes[1],
        sizes[2],
        sizes[3],
        vocabulary,
        longest,
        0,
        "none",
        "none");
  }

  /**
   * How many numbers the classifier or reranker of a folder gives for a pair of texts; 0 where the
   * folder holds none, but a model that makes embeddings.
   */
  public static int labels(Path folder) {
    EncoderConfig.Classifier head =
        EncoderConfig.isEncoder(folder) ? EncoderConfig.read(folder).classifier() : null;
    return head == null ? 0 : head.labels();
  }

  /**
   * The texts that a folder's model was trained to have in front, by name; see {@link
   * SentenceModules#prompts}.
   */
  public static Map<String, String> prompts(Path folder) {
    return SentenceModules.prompts(folder);
  }

  /** What the checkpoint is; its context is the longest text. */
  public ModelInfo info() {
    return info;
  }

  /** Its tokenizer. */
  public EncoderTokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Embeddings of texts of any lengths, [texts][hidden size].
   *
   * @param ids the token ids of every text
   */
  public float[][] embed(int[][] ids) {
    return encoder.embed(ids);
  }

  /**
   * Scores of pairs by a cross-encoder, before sigmoid, [pairs][labels].
   *
   * @param ids the token ids of every pair
   * @param types their token types, or null where all are 0
   */
  public float[][] score(int[][] ids, int @Nullable [][] types) {
    return encoder.score(ids, types);
  }

  /** Frees the weights; after the last batch. The tokenizer is closed too. */
  @Override
  public void close() {
    encoder.close();
    tokenizer.close();
  }
}
