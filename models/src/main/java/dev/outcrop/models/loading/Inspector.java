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
import dev.outcrop.models.neuron.BundleManifest;
import dev.outcrop.models.neuron.NeuronBundle;
import dev.outcrop.models.text.ChatTemplate;
import dev.outcrop.models.text.EncoderTokenizer;
import dev.outcrop.models.text.Tokenizer;
import dev.outcrop.models.weights.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Looks at one folder, part by part; an error in one does not keep it from the others. */
final class Inspector {
  private static final long MAX_CONFIG_BYTES = 4_000_000;
  private static final String CONFIG = "config.json";

  private final Path folder;
  private final Findings findings = new Findings();
  private final WeightsInspector weights;

  Inspector(Path folder, LoadOptions.Dtype dtype) {
    this.folder = folder;
    this.weights = new WeightsInspector(folder, dtype, findings);
  }

  Inspection inspect() {
    LoadedModel.requireFolder(folder);
    JsonNode raw =
        findings.tried(
            CONFIG, () -> CheckpointFile.object(folder.resolve(CONFIG), MAX_CONFIG_BYTES));
    if (raw == null) {
      return unknown(MissingNode.getInstance());
    }
    if (NeuronBundle.in(folder)) {
      return bundle(raw);
    }
    Boolean encoder = findings.tried(CONFIG, () -> EncoderConfig.isEncoder(folder));
    if (encoder == null) {
      return unknown(raw);
    }
    return encoder ? encoder(raw) : decoder(raw);
  }

  private Inspection unknown(JsonNode raw) {
    Checkpoint checkpoint = weights.open(raw);
    return new Inspection(
        "unknown",
        raw.path("model_type").textValue(),
        raw.isMissingNode() ? null : shape(raw),
        checkpoint == null ? null : weights.describe(checkpoint, false, 0),
        null,
        null,
        null,
        null,
        findings.unsupported(),
        findings.limits());
  }

  private Inspection decoder(JsonNode raw) {
    DecoderConfig config = configured(raw, () -> DecoderConfig.read(folder));
    Checkpoint checkpoint = weights.open(raw);
    boolean tied = config != null && config.tiedEmbeddings();
    long tiedNumbers = 0;
    if (config != null && checkpoint != null) {
      weights.compare(config, checkpoint, raw);
      if (tied && checkpoint.find("lm_head.weight") == null) {
        tiedNumbers = (long) config.vocabularySize() * config.hiddenSize();
      }
    }
    if (config != null) {
      findings.tried("generation_config.json", () -> GenerationDefaults.read(folder, config));
    }
    String family = raw.path("model_type").asText();
    boolean embeds = SentenceModules.existIn(folder);
    SentenceModules modules =
        embeds ? findings.tried("modules.json", () -> SentenceModules.read(folder)) : null;
    if (embeds) {
      tokenizer(() -> EncoderTokenizer.open(folder));
    } else {
      tokenizer(() -> Tokenizer.open(folder));
      findings.tried("chat template", () -> ChatTemplate.open(folder));
    }
    return new Inspection(
        config == null ? "unknown" : "decoder",
        family,
        config == null ? shape(raw) : shape(config),
        checkpoint == null ? null : weights.describe(checkpoint, tied, tiedNumbers),
        null,
        config == null ? null : attention(config, weights.elementBytes(checkpoint)),
        modules == null ? null : embedding(modules),
        embeds ? null : text(family),
        findings.unsupported(),
        findings.limits());
  }

  private Inspection bundle(JsonNode raw) {
    NeuronBundle bundle = findings.tried("manifest.json", () -> NeuronBundle.open(folder));
    String family = raw.path("model_type").asText();
    tokenizer(() -> Tokenizer.open(folder));
    findings.tried("chat template", () -> ChatTemplate.open(folder));
    findings.limit("prefix cache", "each sequence has a slot of its own, and slots share nothing");
    if (bundle == null) {
      return new Inspection(
          "decoder",
          family,
          shape(raw),
          null,
          null,
          null,
          null,
          text(family),
          findings.unsupported(),
          findings.limits());
    }
    BundleManifest manifest = bundle.manifest();
    findings.limit(
        "neuron",
        switch (manifest.backend()) {
          case NEURON ->
              "untested on hardware: no bundle of this kind was ever run, and the job that compiles"
                  + " them was written, never run on an SDK";
          case CPU -> "a stand-in that runs on the processor, for tests";
        });
    if (bundle.config().ropeForm(manifest.shapes().longest()) != 0) {
      findings.limit(
          "rope",
          "positions of all sequences have the form of one of %d tokens, the longest context"
              .formatted(manifest.shapes().longest()));
    }
    return new Inspection(
        "decoder",
        family,
        shape(bundle.config()),
        BundleSource.weights(bundle),
        BundleSource.described(manifest),
        attention(bundle.config(), manifest.elementBytes()),
        null,
        text(family),
        findings.unsupported(),
        findings.limits());
  }

  private Inspection encoder(JsonNode raw) {
    EncoderConfig config = configured(raw, () -> EncoderConfig.read(folder));
    SentenceModules modules = findings.tried("modules.json", () -> SentenceModules.read(folder));
    Checkpoint checkpoint = weights.open(raw);
    tokenizer(() -> EncoderTokenizer.open(folder));
    EncoderConfig.Classifier head = config == null ? null : config.classifier();
    if (config != null && checkpoint != null && (head == null || head.labels() == 1)) {
      weights.compare(config, checkpoint);
    }
    if (head != null && head.labels() != 1) {
      findings.refuse(
          "classifier",
          "%s: is a classifier of %d labels; a reranker has one".formatted(folder, head.labels()));
    }
    return new Inspection(
        "encoder",
        raw.path("model_type").asText(),
        config == null ? shape(raw) : shape(config, modules),
        checkpoint == null ? null : weights.describe(checkpoint, false, 0),
        null,
        null,
        config == null || modules == null ? null : embedding(config, modules),
        null,
        findings.unsupported(),
        findings.limits());
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
      findings.refuse(field, e);
    }
    boolean quantised = !raw.path(WeightsInspector.QUANTISATION).isEmpty();
    if (quantised && !field.isEmpty() && !field.startsWith(WeightsInspector.QUANTISATION)) {
      findings.refuse(
          WeightsInspector.QUANTISATION,
          "%s: %s is present; supported: none, and mxfp4 for gpt_oss"
              .formatted(folder.resolve(CONFIG), WeightsInspector.QUANTISATION));
    }
    return config;
  }

  private void tokenizer(Supplier<? extends AutoCloseable> opening) {
    try (AutoCloseable tokenizer = opening.get()) {
      Objects.requireNonNull(tokenizer);
    } catch (OutcropException e) {
      findings.refuse("tokenizer", e);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
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
        findings.limit("tool calls", "the chat template writes them in no form that is known");
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
