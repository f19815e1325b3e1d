package dev.outcrop.models.loading;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.GenerationDefaults;
import dev.outcrop.models.arch.Layer;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.arch.SentenceModules;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.ToolFormat;
import dev.outcrop.models.files.CheckpointFile;
import dev.outcrop.models.text.ChatTemplate;
import dev.outcrop.models.text.EncoderTokenizer;
import dev.outcrop.models.text.Tokenizer;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Looks at one folder, part by part; an error in one does not keep it from the others. */
final class Inspector {
  private static final long MAX_CONFIG_BYTES = 4_000_000;
  private static final String CONFIG = "config.json";
  private static final String QUANTISATION = "quantization_config";

  private final Path folder;
  private final LoadOptions.Dtype dtype;
  private final List<Inspection.Finding> unsupported = new ArrayList<>();
  private final List<Inspection.Finding> limits = new ArrayList<>();

  Inspector(Path folder, LoadOptions.Dtype dtype) {
    this.folder = folder;
    this.dtype = dtype;
  }

  Inspection inspect() {
    if (!Files.isDirectory(folder)) {
      throw CheckpointFile.invalid(folder, "is no folder");
    }
    JsonNode raw =
        tried(CONFIG, () -> CheckpointFile.object(folder.resolve(CONFIG), MAX_CONFIG_BYTES));
    if (raw == null) {
      return unknown(MissingNode.getInstance());
    }
    Boolean encoder = tried(CONFIG, () -> EncoderConfig.isEncoder(folder));
    if (encoder == null) {
      return unknown(raw);
    }
    return encoder ? encoder(raw) : decoder(raw);
  }

  private Inspection unknown(JsonNode raw) {
    Checkpoint checkpoint = checkpoint(raw);
    return new Inspection(
        "unknown",
        raw.path("model_type").textValue(),
        raw.isMissingNode() ? null : shape(raw),
        checkpoint == null ? null : weights(checkpoint, false, 0),
        null,
        null,
        null,
        unsupported,
        limits);
  }

  private Inspection decoder(JsonNode raw) {
    DecoderConfig config = configured(raw, () -> DecoderConfig.read(folder));
    Checkpoint checkpoint = checkpoint(raw);
    boolean tied = config != null && config.tiedEmbeddings();
    long tiedNumbers = 0;
    if (config != null && checkpoint != null) {
      contradictions(config, checkpoint);
      if (tied && checkpoint.find("lm_head.weight") == null) {
        tiedNumbers = (long) config.vocabularySize() * config.hiddenSize();
      }
    }
    Inspection.Weights weights = checkpoint == null ? null : weights(checkpoint, tied, tiedNumbers);
    if (config != null) {
      tried("generation_config.json", () -> GenerationDefaults.read(folder, config));
    }
    String family = raw.path("model_type").asText();
    boolean embeds = SentenceModules.existIn(folder);
    SentenceModules modules =
        embeds ? tried("modules.json", () -> SentenceModules.read(folder)) : null;
    if (embeds) {
      tokenizer(() -> EncoderTokenizer.open(folder));
    } else {
      tokenizer(() -> Tokenizer.open(folder));
      tried("chat template", () -> ChatTemplate.open(folder));
    }
    return new Inspection(
        config == null ? "unknown" : "decoder",
        family,
        config == null ? shape(raw) : shape(config),
        weights,
        config == null ? null : attention(config, bytes(compute(checkpoint))),
        modules == null ? null : embedding(modules),
        embeds ? null : text(family),
        unsupported,
        limits);
  }

  private Inspection encoder(JsonNode raw) {
    EncoderConfig config = configured(raw, () -> EncoderConfig.read(folder));
    SentenceModules modules = tried("modules.json", () -> SentenceModules.read(folder));
    Checkpoint checkpoint = checkpoint(raw);
    tokenizer(() -> EncoderTokenizer.open(folder));
    EncoderConfig.Classifier head = config == null ? null : config.classifier();
    if (head != null && head.labels() != 1) {
      unsupported.add(
          new Inspection.Finding(
              "classifier",
              "%s: is a classifier of %d labels; a reranker has one"
                  .formatted(folder, head.labels())));
    }
    return new Inspection(
        "encoder",
        raw.path("model_type").asText(),
        config == null ? shape(raw) : shape(config, modules),
        checkpoint == null ? null : weights(checkpoint, false, 0),
        null,
        config == null || modules == null ? null : embedding(config, modules),
        null,
        unsupported,
        limits);
  }

  /** The value, or null after the error was noted. */
  private <T> @Nullable T tried(String what, Supplier<T> part) {
    try {
      return part.get();
    } catch (OutcropException e) {
      add(what, e);
      return null;
    }
  }

  private void add(String what, OutcropException e) {
    unsupported.add(new Inspection.Finding(what, String.valueOf(e.getMessage())));
  }

  /** Reading stops at the first field; what else is known to stop it is told too. */
  private <T> @Nullable T configured(JsonNode raw, Supplier<T> reader) {
    String field = "";
    T config = null;
    try {
      config = reader.get();
    } catch (OutcropException e) {
      String problem = String.valueOf(e.getMessage());
      field = problem.replace(folder.resolve(CONFIG) + ": ", "").split("[ (]", 2)[0];
      add(field, e);
    }
    boolean quantised = !raw.path(QUANTISATION).isEmpty();
    if (quantised && !field.isEmpty() && !field.startsWith(QUANTISATION)) {
      unsupported.add(
          new Inspection.Finding(
              QUANTISATION,
              "%s: %s is present; supported: none, and mxfp4 for gpt_oss"
                  .formatted(folder.resolve(CONFIG), QUANTISATION)));
    }
    return config;
  }

  private void tokenizer(Supplier<? extends AutoCloseable> opening) {
    try (AutoCloseable tokenizer = opening.get()) {
      Objects.requireNonNull(tokenizer);
    } catch (OutcropException e) {
      add("tokenizer", e);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private @Nullable Checkpoint checkpoint(JsonNode raw) {
    boolean mxfp4 = raw.path(QUANTISATION).path("quant_method").asText().equals("mxfp4");
    Checkpoint checkpoint = tried("weights", () -> Checkpoint.open(folder));
    if (checkpoint != null) {
      Map<DType, List<StoredTensor>> others =
          checkpoint.tensors().stream()
              .filter(tensor -> !tensor.dtype().supported())
              .filter(tensor -> !(mxfp4 && tensor.dtype() == DType.U8))
              .collect(
                  Collectors.groupingBy(StoredTensor::dtype, TreeMap::new, Collectors.toList()));
      others.forEach(
          (type, tensors) ->
              unsupported.add(
                  new Inspection.Finding(
                      "dtype " + type,
                      "%s: %d tensors have it, the first is '%s'; supported: F32, F16, BF16"
                          .formatted(
                              tensors.getFirst().file(),
                              tensors.size(),
                              CheckpointFile.show(tensors.getFirst().name())))));
    }
    return checkpoint;
  }

  /** The embedding and the number of layers; the other tensors are checked when they are loaded. */
  private void contradictions(DecoderConfig config, Checkpoint checkpoint) {
    // Models that only embed are saved without the name of the part.
    String part = checkpoint.find("embed_tokens.weight") == null ? "model." : "";
    String embedding = part + "embed_tokens.weight";
    StoredTensor stored = checkpoint.find(embedding);
    if (stored == null || stored.dtype().supported()) {
      tried(
          "weights",
          () -> checkpoint.require(embedding, config.vocabularySize(), config.hiddenSize()));
    }
    int layers = config.layers().size();
    for (int layer = layers - 1; layer <= layers; layer++) {
      String prefix = part + "layers." + layer + ".";
      boolean there = checkpoint.tensors().stream().anyMatch(t -> t.name().startsWith(prefix));
      if (there != layer < layers) {
        unsupported.add(
            new Inspection.Finding(
                "weights",
                "%s: holds %s tensors '%s*', config.json says num_hidden_layers %d"
                    .formatted(checkpoint.source(), there ? "more," : "no", prefix, layers)));
      }
    }
  }

  private ComputeType compute(@Nullable Checkpoint checkpoint) {
    return checkpoint == null
        ? dtype == LoadOptions.Dtype.FLOAT32 ? ComputeType.FLOAT32 : ComputeType.BFLOAT16
        : LoadedModel.compute(checkpoint, dtype);
  }

  private static int bytes(ComputeType type) {
    return EngineLoader.element(type).bytes();
  }

  private Inspection.Weights weights(Checkpoint checkpoint, boolean tied, long tiedNumbers) {
    long parameters = checkpoint.tensors().stream().mapToLong(LoadedModel::parameters).sum();
    ComputeType type = compute(checkpoint);
    return new Inspection.Weights(
        parameters,
        checkpoint.bytes(),
        LoadedModel.name(LoadedModel.stored(checkpoint)),
        type.name().toLowerCase(Locale.ROOT),
        tied,
        (parameters + tiedNumbers) * bytes(type));
  }

  private static Inspection.Attention attention(DecoderConfig config, int bytes) {
    List<Integer> windows =
        config.layers().stream().map(Layer::window).filter(Objects::nonNull).toList();
    List<String> ropes =
        config.layers().stream().map(layer -> name(layer.rope())).distinct().sorted().toList();
    long perToken = config.kvNumbersPerToken() * bytes;
    return new Inspection.Attention(
        ropes,
        windows.isEmpty() ? null : windows.getFirst(),
        windows.size(),
        perToken,
        1_000 * perToken);
  }

  private static String name(@Nullable Rope rope) {
    return switch (rope) {
      case null -> "none";
      case Rope.Default _ -> "default";
      case Rope.Linear _ -> "linear";
      case Rope.Dynamic _ -> "dynamic";
      case Rope.Llama3 _ -> "llama3";
      case Rope.Yarn _ -> "yarn";
      case Rope.PerPair _ -> "longrope";
    };
  }

  private static Inspection.Embedding embedding(EncoderConfig config, SentenceModules modules) {
    EncoderConfig.Classifier head = config.classifier();
    if (head != null) {
      return new Inspection.Embedding(null, null, head.labels());
    }
    return embedding(modules);
  }

  private static Inspection.Embedding embedding(SentenceModules modules) {
    String pooling = modules.pooling().name().toLowerCase(Locale.ROOT);
    return new Inspection.Embedding(pooling, modules.normalize(), null);
  }

  private Inspection.@Nullable Text text(String family) {
    try {
      List<String> files = ChatTemplate.files(folder);
      CompletionFormat format = CompletionFormat.of(family, ChatTemplate.source(folder));
      if (!files.isEmpty() && format.tools() == ToolFormat.NONE) {
        limits.add(
            new Inspection.Finding(
                "tool calls", "the chat template writes them in no form that is known"));
      }
      return new Inspection.Text(files, format.tools().word(), format.reasoning().word());
    } catch (OutcropException e) {
      return null; // opening the template told why
    }
  }

  private static Inspection.Shape shape(DecoderConfig config) {
    return new Inspection.Shape(
        config.layers().size(),
        config.hiddenSize(),
        config.attention().heads(),
        config.attention().kvHeads(),
        config.vocabularySize(),
        config.maxPosition());
  }

  private static Inspection.Shape shape(EncoderConfig config, @Nullable SentenceModules modules) {
    int most = modules == null ? Integer.MAX_VALUE : modules.maxTokens().orElse(Integer.MAX_VALUE);
    return new Inspection.Shape(
        config.layers(),
        config.hiddenSize(),
        config.heads(),
        config.heads(),
        config.vocabularySize(),
        Math.min(config.maxTokens(), most));
  }

  private static Inspection.Shape shape(JsonNode raw) {
    return new Inspection.Shape(
        integer(raw, "num_hidden_layers"),
        integer(raw, "hidden_size"),
        integer(raw, "num_attention_heads"),
        integer(raw, "num_key_value_heads"),
        integer(raw, "vocab_size"),
        integer(raw, "max_position_embeddings"));
  }

  private static @Nullable Integer integer(JsonNode raw, String field) {
    return raw.path(field).isInt() ? (Integer) raw.path(field).intValue() : null;
  }
}
