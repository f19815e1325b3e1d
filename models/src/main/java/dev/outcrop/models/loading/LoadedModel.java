package dev.outcrop.models.loading;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.GenerationDefaults;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.neuron.NeuronBundle;
import dev.outcrop.models.text.ChatTemplate;
import dev.outcrop.models.text.Tokenizer;
import dev.outcrop.models.weights.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Hugging Face folder, open and ready: its text side and its engine. Opened and closed by the
 * process that serves it. Tokenizer and template are safe for any thread; the engine belongs to
 * one.
 */
public final class LoadedModel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LoadedModel.class);
  private static final int LOGITS_CHUNK = 512;

  private final ModelInfo info;
  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final CompletionFormat completionFormat;
  private final Engine engine;
  private final int[] stopTokens;
  private final Sampling defaultSampling;

  private LoadedModel(ModelInfo info, TextSide text, Engine engine) {
    this.info = info;
    this.tokenizer = text.tokenizer();
    this.template = text.template();
    this.completionFormat = CompletionFormat.of(info.family(), template.source());
    this.engine = engine;
    this.stopTokens = text.defaults().eosTokens().stream().mapToInt(Integer::intValue).toArray();
    this.defaultSampling = sampling(text.defaults());
  }

  /**
   * Opens a folder. Takes as long as reading its weights.
   *
   * @throws OutcropException where a file is missing, unsound or not supported; it names the file
   */
  public static LoadedModel open(Path folder, LoadOptions options) {
    requireFolder(folder);
    CompletableFuture<Void> libtorch = EngineLoader.begin();
    try {
      return read(folder, options);
    } finally {
      libtorch.join();
    }
  }

  private static LoadedModel read(Path folder, LoadOptions options) {
    ModelSource source = ModelSource.of(folder, options);
    TextSide.Reading reading = TextSide.begin(folder, source.config());
    Engine engine;
    try {
      engine = source.open(reading::requireNoError);
    } catch (RuntimeException e) {
      reading.await().tokenizer().close(); // or its own error, which is the simpler one to mend
      throw e;
    }
    TextSide text;
    try {
      text = reading.await();
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
    warnOfOtherVocabulary(folder, text.tokenizer(), source.config());
    return new LoadedModel(source.info(), text, engine);
  }

  /** Not refused: fine-tuned checkpoints with a padding token that has no row are common. */
  private static void warnOfOtherVocabulary(
      Path folder, Tokenizer tokenizer, DecoderConfig config) {
    if (tokenizer.vocabularySize() > config.vocabularySize()) {
      LOG.warn(
          "{}: tokenizer.json has ids up to {}, but config.json says vocab_size {}; a request that"
              + " brings such an id fails",
          folder,
          tokenizer.vocabularySize() - 1,
          config.vocabularySize());
    }
  }

  /** Describes a folder without loading its weights. */
  public static ModelInfo inspect(Path folder, LoadOptions.Dtype dtype) {
    LoadOptions options = new LoadOptions(dtype, LoadOptions.DEFAULT.kvBytes(), 0, 0);
    return ModelSource.of(requireFolder(folder), options).info();
  }

  /**
   * Logits after every token of a sequence, [tokens][vocabulary], without text or template: the
   * folder needs config and weights only. Every id has to be in the vocabulary.
   */
  public static float[][] logits(
      Path folder, int[] ids, LoadOptions.Dtype dtype, Quantization quantization) {
    DecoderConfig config = config(folder);
    Checkpoint checkpoint = checkpoint(folder);
    LoadOptions options = new LoadOptions(dtype, 1, 0, 0, quantization, KernelTuning.usual());
    ComputeType type = CheckpointSource.compute(checkpoint, options.computed());
    EngineOptions engine = new EngineOptions(type, ids.length, 0, quantization, options.tuning());
    return EngineLoader.logits(config, checkpoint, engine, ids, LOGITS_CHUNK);
  }

  /** The tokens that end an answer. */
  static int[] stopTokens(Path folder) {
    return GenerationDefaults.read(folder, config(folder)).eosTokens().stream()
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** The kernels that a decoder's linear layers use here; loads its weights. */
  public static TunedChoices kernels(Path folder, LoadOptions options) {
    DecoderConfig config = config(folder);
    Checkpoint checkpoint = checkpoint(folder);
    EngineOptions engine =
        new EngineOptions(
            CheckpointSource.compute(checkpoint, options.computed()),
            1,
            options.threads(),
            options.quantization(),
            options.tuning());
    return EngineLoader.kernels(config, checkpoint, engine);
  }

  /** For what a bundle is too late for: its kernels and shapes were chosen when it was compiled. */
  private static Checkpoint checkpoint(Path folder) {
    if (NeuronBundle.in(folder)) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          folder + ": is a compiled bundle; this needs the checkpoint that it was made from");
    }
    return Checkpoint.open(folder);
  }

  private static DecoderConfig config(Path folder) {
    return DecoderConfig.read(requireFolder(folder));
  }

  /**
   * The same folder, for who looks at it before it is opened.
   *
   * @throws OutcropException CHECKPOINT_INVALID where there is none
   */
  public static Path requireFolder(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new OutcropException(
          ModelError.CHECKPOINT_INVALID, "there is no model folder at " + folder);
    }
    return folder;
  }

  /**
   * As transformers generates with these defaults: greedy unless do_sample says otherwise, and the
   * 50 likeliest tokens where the file is silent about top_k. A temperature of 0 is greedy too.
   */
  static Sampling sampling(GenerationDefaults defaults) {
    if (!Boolean.TRUE.equals(defaults.sample())) {
      return Sampling.GREEDY;
    }
    return new Sampling(
        or(defaults.temperature(), 1),
        defaults.topK() == null ? 50 : defaults.topK(),
        or(defaults.topP(), 1),
        or(defaults.minP(), 0),
        or(defaults.repetitionPenalty(), 1),
        0,
        0,
        0,
        -1);
  }

  private static double or(@Nullable Double value, double otherwise) {
    return value == null ? otherwise : value;
  }

  /** What the checkpoint is. */
  public ModelInfo info() {
    return info;
  }

  /** Its tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Its chat template. */
  public ChatTemplate template() {
    return template;
  }

  /** How its completions are written. */
  public CompletionFormat completionFormat() {
    return completionFormat;
  }

  /** Its engine. The batcher that drives it closes it, on the engine thread. */
  public Engine engine() {
    return engine;
  }

  /** The kernels that its engine chose for linear layers; none where there is no choice. */
  public List<KernelChoice> kernels() {
    return EngineLoader.kernels(engine);
  }

  /** Ids that end a generation. */
  public int[] stopTokens() {
    return stopTokens.clone();
  }

  /** How tokens are chosen where a request does not say; its seed means nothing. */
  public Sampling defaultSampling() {
    return defaultSampling;
  }

  /** Closes the text side. */
  @Override
  public void close() {
    tokenizer.close();
  }
}
