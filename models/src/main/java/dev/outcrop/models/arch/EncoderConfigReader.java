package dev.outcrop.models.arch;

import dev.outcrop.models.arch.EncoderConfig.Activation;
import dev.outcrop.models.arch.EncoderConfig.Biases;
import dev.outcrop.models.arch.EncoderConfig.Classifier;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import dev.outcrop.models.files.Fields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns config.json into an {@link EncoderConfig}. Absent fields take the defaults of the family's
 * configuration class in transformers.
 */
final class EncoderConfigReader {
  private static final int MAX_VOCABULARY = 1 << 24;
  private static final int MAX_WIDTH = 1 << 18;
  private static final int MAX_LAYERS = 1_024;
  private static final int MAX_HEADS = 4_096;
  private static final int MAX_POSITION = 1 << 20;
  private static final int MAX_LABELS = 1 << 16;
  private static final double MAX_THETA = 1e15;
  private static final String FULL = "full_attention";
  private static final String LOCAL = "sliding_attention";

  private final Fields config;
  private final EncoderFamily family;

  private EncoderConfigReader(Fields config, EncoderFamily family) {
    this.config = config;
    this.family = family;
  }

  static boolean isEncoder(Path file) {
    return Files.isRegularFile(file)
        && EncoderFamily.of(Fields.read(file).text("model_type", "")) != null;
  }

  static EncoderConfig read(Path file) {
    Fields config = Fields.read(file);
    if (!config.has("model_type")) {
      throw config.invalid("model_type", "is missing");
    }
    String type = config.text("model_type", "");
    EncoderFamily family = EncoderFamily.of(type);
    if (family == null) {
      throw config.unsupported("model_type", "'" + type + "'", EncoderFamily.supported());
    }
    return new EncoderConfigReader(config, family).encoder();
  }

  private EncoderConfig encoder() {
    if (config.object("quantization_config") != null) {
      throw config.unsupported(
          "quantization_config", "present", "checkpoints in float32, float16 or bfloat16");
    }
    if (config.flag("is_decoder", false)) {
      throw config.unsupported("is_decoder", "true", "encoders");
    }
    boolean modern = family == EncoderFamily.MODERNBERT;
    int hidden = config.integer("hidden_size", 1, MAX_WIDTH, 768);
    int layers = config.integer("num_hidden_layers", 1, MAX_LAYERS, modern ? 22 : 12);
    int heads = config.integer("num_attention_heads", 1, MAX_HEADS, 12);
    if (hidden % heads != 0 || (modern && hidden / heads % 2 != 0)) {
      throw config.invalid(
          "hidden_size",
          "is %d, must be a%s multiple of num_attention_heads (%d)"
              .formatted(hidden, modern ? "n even" : "", heads));
    }
    Positions positions = modern ? rotary(layers) : learned();
    return new EncoderConfig(
        family,
        config.integer("vocab_size", 1, MAX_VOCABULARY, modern ? 50_368 : 30_522),
        hidden,
        config.integer("intermediate_size", 1, MAX_WIDTH * 8, modern ? 1_152 : 3_072),
        layers,
        heads,
        maxTokens(positions),
        positions,
        config.number(modern ? "norm_eps" : "layer_norm_eps", 1e-20, 1, modern ? 1e-5 : 1e-12),
        activation(modern ? "hidden_activation" : "hidden_act"),
        biases(modern),
        classifier());
  }

  private Biases biases(boolean modern) {
    return modern
        ? new Biases(
            config.flag("attention_bias", false),
            config.flag("mlp_bias", false),
            config.flag("norm_bias", false))
        : new Biases(true, true, true);
  }

  private int maxTokens(Positions positions) {
    return switch (positions) {
      case Positions.Learned(int rows, int offset, _) -> rows - offset;
      case Positions.Rotary _ -> config.integer("max_position_embeddings", 1, MAX_POSITION, 8_192);
    };
  }

  private Positions learned() {
    String kind = config.text("position_embedding_type", "absolute");
    if (!kind.equals("absolute")) {
      throw config.unsupported("position_embedding_type", "'" + kind + "'", "absolute");
    }
    int rows = config.integer("max_position_embeddings", 1, MAX_POSITION, 512);
    int offset =
        family == EncoderFamily.XLM_ROBERTA
            ? config.integer("pad_token_id", 0, MAX_POSITION, 1) + 1
            : 0;
    if (offset >= rows) {
      throw config.invalid("pad_token_id", "leaves no position of %d".formatted(rows));
    }
    return new Positions.Learned(
        rows, offset, config.integer("type_vocab_size", 1, MAX_POSITION, 2));
  }

  private Positions rotary(int layers) {
    double global = config.number("global_rope_theta", 1, MAX_THETA, 160_000);
    double local = config.number("local_rope_theta", 1, MAX_THETA, 10_000);
    if (config.object("rope_scaling") != null) {
      throw config.unsupported("rope_scaling", "present", "default rope");
    }
    Fields rope = config.object("rope_parameters");
    int window = config.integer("local_attention", 1, MAX_POSITION, 128) / 2;
    return new Positions.Rotary(
        theta(rope, FULL, global), theta(rope, LOCAL, local), window, localLayers(layers));
  }

  /** transformers 5 has parameters for each type of layer. */
  private static double theta(@Nullable Fields rope, String layers, double otherwise) {
    Fields own = rope == null ? null : rope.object(layers);
    if (own == null) {
      return otherwise;
    }
    String type = own.text("rope_type", "default");
    if (!type.equals("default")) {
      throw own.unsupported("rope_type", "'" + type + "'", "default");
    }
    return own.number("rope_theta", 1, MAX_THETA, otherwise);
  }

  private List<Boolean> localLayers(int layers) {
    List<Boolean> local = new ArrayList<>();
    if (config.has("layer_types")) {
      for (String type : config.texts("layer_types", MAX_LAYERS)) {
        if (!type.equals(FULL) && !type.equals(LOCAL)) {
          throw config.unsupported("layer_types", "'" + type + "'", FULL + ", " + LOCAL);
        }
        local.add(type.equals(LOCAL));
      }
      if (local.size() != layers) {
        throw config.invalid(
            "layer_types",
            "has %d entries, num_hidden_layers is %d".formatted(local.size(), layers));
      }
      return local;
    }
    int every = config.integer("global_attn_every_n_layers", 1, MAX_LAYERS, 3);
    for (int l = 0; l < layers; l++) {
      local.add(l % every != 0);
    }
    return local;
  }

  private Activation activation(String field) {
    String name = config.text(field, "gelu");
    return switch (name) {
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      case "relu" -> Activation.RELU;
      default ->
          throw config.unsupported(
              field, "'" + name + "'", "gelu, gelu_new, gelu_pytorch_tanh, relu");
    };
  }

  private @Nullable Classifier classifier() {
    List<String> architectures = config.texts("architectures", 100);
    if (architectures.stream().noneMatch(name -> name.endsWith("ForSequenceClassification"))) {
      return null;
    }
    int labels = config.integer("num_labels", 1, MAX_LABELS, 2);
    Fields names = config.object("id2label");
    if (names != null) {
      labels = Math.min(names.node().size(), MAX_LABELS);
    }
    if (family != EncoderFamily.MODERNBERT) {
      return new Classifier(labels, Pooling.CLS, true);
    }
    String activation = config.text("classifier_activation", "gelu");
    if (!activation.equals(config.text("hidden_activation", "gelu"))) {
      throw config.unsupported(
          "classifier_activation", "'" + activation + "'", "the same as hidden_activation");
    }
    String pooling = config.text("classifier_pooling", "cls");
    boolean bias = config.flag("classifier_bias", false);
    return switch (pooling) {
      case "cls" -> new Classifier(labels, Pooling.CLS, bias);
      case "mean" -> new Classifier(labels, Pooling.MEAN, bias);
      default -> throw config.unsupported("classifier_pooling", "'" + pooling + "'", "cls, mean");
    };
  }
}
