package dev.outcrop.models.loading;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.SentenceModules;
import dev.outcrop.models.text.EncoderTokenizer;
import dev.outcrop.models.torch.TorchEncoder;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face or sentence-transformers folder of an encoder, open and ready. Opened and closed
 * by the process that serves it. The tokenizer is safe for any thread; {@link #embed} and {@link
 * #score} are for one thread at a time.
 */
public final class LoadedEncoder implements AutoCloseable {
  private final ModelInfo info;
  private final EncoderTokenizer tokenizer;
  private final TorchEncoder encoder;

  private LoadedEncoder(ModelInfo info, EncoderTokenizer tokenizer, TorchEncoder encoder) {
    this.info = info;
    this.tokenizer = tokenizer;
    this.encoder = encoder;
  }

  /** Whether a folder holds an encoder, by its config.json; else it may be a decoder. */
  public static boolean isEncoder(Path folder) {
    return EncoderConfig.isEncoder(folder);
  }

  /**
   * Opens a folder. Takes as long as reading its weights.
   *
   * @throws OutcropException where a file is missing, unsound or not supported; it names the file
   */
  public static LoadedEncoder open(Path folder, LoadOptions options) {
    EncoderConfig config = EncoderConfig.read(folder);
    SentenceModules modules = SentenceModules.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder);
    ComputeType type = LoadedModel.compute(checkpoint, options.dtype());
    ModelInfo info = info(config, modules, checkpoint, options);
    EncoderTokenizer tokenizer = EncoderTokenizer.open(folder);
    try {
      TorchEncoder encoder =
          TorchEncoder.open(
              config, modules, checkpoint, EngineLoader.element(type), options.threads());
      return new LoadedEncoder(info, tokenizer, encoder);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** Describes a folder without loading its weights. */
  public static ModelInfo inspect(Path folder, LoadOptions.Dtype dtype) {
    return info(
        EncoderConfig.read(folder),
        SentenceModules.read(folder),
        Checkpoint.open(folder),
        new LoadOptions(dtype, 1, 0, 0));
  }

  private static ModelInfo info(
      EncoderConfig config, SentenceModules modules, Checkpoint checkpoint, LoadOptions options) {
    int most = Math.min(config.maxTokens(), modules.maxTokens().orElse(Integer.MAX_VALUE));
    int longest = options.maxContext() == 0 ? most : Math.min(most, options.maxContext());
    return new ModelInfo(
        config.family().modelType(),
        checkpoint.tensors().stream().mapToLong(StoredTensor::elements).sum(),
        checkpoint.bytes(),
        LoadedModel.name(LoadedModel.stored(checkpoint)),
        LoadedModel.compute(checkpoint, options.dtype()).name().toLowerCase(Locale.ROOT),
        config.layers(),
        config.hiddenSize(),
        config.heads(),
        config.heads(),
        config.vocabularySize(),
        longest,
        0,
        "none",
        "none");
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
