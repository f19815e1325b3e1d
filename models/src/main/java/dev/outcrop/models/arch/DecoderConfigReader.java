package dev.outcrop.models.arch;

import dev.outcrop.models.weights.DType;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns config.json into a {@link DecoderConfig}. Absent fields take the defaults of the family's
 * configuration class in transformers, since that is what the checkpoint's author relied on.
 */
final class DecoderConfigReader {
  private static final int MAX_VOCABULARY = 1 << 24;
  private static final int MAX_WIDTH = 1 << 18;
  private static final int MAX_LAYERS = 1_024;
  private static final int MAX_HEADS = 4_096;
  private static final int MAX_HEAD_DIM = 1_024;
  private static final int MAX_POSITION = 1 << 26;
  private static final int MAX_ID = MAX_VOCABULARY;
  private static final double MAX_THETA = 1e15;
  private static final double MAX_FACTOR = 1e6;
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  private final Fields config;
  private final Family family;

  private DecoderConfigReader(Fields config, Family family) {
    this.config = config;
    this.family = family;
  }

  static DecoderConfig read(Path file) {
    Fields config = Fields.read(file);
    if (!config.has("model_type")) {
      throw config.invalid("model_type", "is missing");
    }
    String type = config.text("model_type", "");
    Family family = Family.of(type);
    if (family == null) {
      throw config.unsupported("model_type", "'" + type + "'", Family.supported());
    }
    return new DecoderConfigReader(config, family).decoder();
  }

  private DecoderConfig decoder() {
    refuseQuantised();
    String activation = config.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw config.unsupported("hidden_act", "'" + activation + "'", "silu");
    }
    int hidden = config.integer("hidden_size", 1, MAX_WIDTH);
    int layers = config.integer("num_hidden_layers", 1, MAX_LAYERS);
    int heads = config.integer("num_attention_heads", 1, MAX_HEADS);
    int kvHeads = kvHeads(heads);
    int headDim = headDim(hidden, heads);
    int maxPosition = config.integer("max_position_embeddings", 1, MAX_POSITION, defaultContext());
    boolean llamaBias = config.flag("attention_bias", false);
    boolean honoursBias = family == Family.LLAMA || family == Family.QWEN3;
    return new DecoderConfig(
        family,
        config.integer("vocab_size", 1, MAX_VOCABULARY),
        hidden,
        config.integer("intermediate_size", 1, MAX_WIDTH * 8),
        layers,
        heads,
        kvHeads,
        headDim,
        maxPosition,
        config.number("rms_norm_eps", 1e-12, 1, 1e-6),
        rope(maxPosition),
        slidingWindow(layers),
        family == Family.QWEN2 || (honoursBias && llamaBias),
        honoursBias && llamaBias,
        family == Family.LLAMA && config.flag("mlp_bias", false),
        family == Family.QWEN3,
        config.flag("tie_word_embeddings", false),
        dtype(),
        config.ids("bos_token_id", MAX_ID),
        config.ids("eos_token_id", MAX_ID));
  }

  private void refuseQuantised() {
    Fields quantisation = config.object("quantization_config");
    if (quantisation != null) {
      throw config.unsupported(
          "quantization_config",
          "'" + quantisation.text("quant_method", "present") + "'",
          "checkpoints in float32, float16 or bfloat16");
    }
  }

  private int kvHeads(int heads) {
    int absent = heads;
    if (!config.mentions("num_key_value_heads")) {
      absent =
          switch (family) {
            case LLAMA -> heads;
            case MISTRAL -> 8;
            case QWEN2, QWEN3 -> 32;
          };
    }
    int kvHeads = config.integer("num_key_value_heads", 1, MAX_HEADS, absent);
    if (heads % kvHeads != 0) {
      throw config.invalid(
          "num_key_value_heads",
          "is %d, must divide num_attention_heads (%d)".formatted(kvHeads, heads));
    }
    return kvHeads;
  }

  private int headDim(int hidden, int heads) {
    boolean absent = !config.mentions("head_dim");
    if (absent && family == Family.QWEN3) {
      return 128;
    }
    if (!config.has("head_dim") && hidden % heads != 0) {
      throw config.invalid(
          "hidden_size",
          "is %d, must be a multiple of num_attention_heads (%d) where there is no head_dim"
              .formatted(hidden, heads));
    }
    int headDim = config.integer("head_dim", 1, MAX_HEAD_DIM, Math.min(hidden / heads, MAX_WIDTH));
    if (headDim % 2 != 0 || headDim < 2 || headDim > MAX_HEAD_DIM) {
      throw config.invalid(
          "head_dim", "is %d, must be even and from 2 to %d".formatted(headDim, MAX_HEAD_DIM));
    }
    return headDim;
  }

  private int defaultContext() {
    return switch (family) {
      case LLAMA -> 2_048;
      case MISTRAL -> 131_072;
      case QWEN2, QWEN3 -> 32_768;
    };
  }

  private Rope rope(int maxPosition) {
    refusePartial(config);
    double theta = config.number("rope_theta", 1, MAX_THETA, 10_000);
    // transformers 4 has rope_scaling, 5 rope_parameters; where both stand, the former wins there.
    Fields rope = config.object("rope_scaling");
    if (rope == null) {
      rope = config.object("rope_parameters");
    }
    if (rope == null) {
      return new Rope.Default(theta);
    }
    String typeField = rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type";
    String type = rope.text(typeField, "default");
    double base = rope.number("rope_theta", 1, MAX_THETA, theta);
    refusePartial(rope);
    return switch (type) {
      case "default" -> {
        if (rope.node().has(FULL) || rope.node().has(SLIDING)) {
          throw rope.unsupported(
              "(per layer type)", "present", "one set of rope parameters for all layers");
        }
        yield new Rope.Default(base);
      }
      case "linear" -> new Rope.Linear(base, rope.number("factor", 1e-3, MAX_FACTOR));
      case "llama3" -> llama3(rope, base, maxPosition);
      default -> throw rope.unsupported(typeField, "'" + type + "'", "default, linear, llama3");
    };
  }

  private static void refusePartial(Fields where) {
    if (where.number("partial_rotary_factor", 0, 1, 1) != 1) {
      throw where.unsupported("partial_rotary_factor", "below 1", "1");
    }
  }

  private Rope llama3(Fields rope, double theta, int maxPosition) {
    String original = "original_max_position_embeddings";
    int context = rope.integer(original, 1, MAX_POSITION, maxPosition);
    double low = rope.number("low_freq_factor", 1e-3, MAX_FACTOR);
    double high = rope.number("high_freq_factor", 1e-3, MAX_FACTOR);
    if (high <= low) {
      throw rope.invalid(
          "high_freq_factor", "is %s, must exceed low_freq_factor (%s)".formatted(high, low));
    }
    return new Rope.Llama3(
        theta,
        rope.number("factor", 1e-3, MAX_FACTOR),
        low,
        high,
        config.integer(original, 1, MAX_POSITION, context));
  }

  /** One window for all layers or none; families that mix both kinds of layer are refused. */
  private @Nullable Integer slidingWindow(int layers) {
    return switch (family) {
      case LLAMA -> null;
      case MISTRAL -> window();
      case QWEN2, QWEN3 -> qwenWindow(layers);
    };
  }

  private @Nullable Integer window() {
    String field = "sliding_window";
    if (config.mentions(field) && !config.has(field)) {
      return null;
    }
    return config.integer(field, 1, MAX_POSITION, 4_096);
  }

  private @Nullable Integer qwenWindow(int layers) {
    Integer window = config.flag("use_sliding_window", false) ? window() : null;
    long sliding;
    if (config.has("layer_types")) {
      List<String> types = config.texts("layer_types", MAX_LAYERS);
      for (String type : types) {
        if (!type.equals(FULL) && !type.equals(SLIDING)) {
          throw config.unsupported("layer_types", "'" + type + "'", FULL + ", " + SLIDING);
        }
      }
      if (types.size() != layers) {
        throw config.invalid(
            "layer_types",
            "has %d entries, num_hidden_layers is %d".formatted(types.size(), layers));
      }
      sliding = window == null ? 0 : types.stream().filter(SLIDING::equals).count();
    } else {
      int full = config.integer("max_window_layers", 0, Integer.MAX_VALUE, 28);
      sliding = window == null ? 0 : Math.max(0, layers - full);
    }
    if (sliding != 0 && sliding != layers) {
      throw config.unsupported(
          "sliding_window",
          "on %d of %d layers".formatted(sliding, layers),
          "the same window on all layers, or on none");
    }
    return sliding == 0 ? null : window;
  }

  private @Nullable DType dtype() {
    String field = config.has("dtype") ? "dtype" : "torch_dtype";
    if (!config.has(field)) {
      return null;
    }
    String name = config.text(field, "");
    return switch (name.startsWith("torch.") ? name.substring("torch.".length()) : name) {
      case "float32", "float" -> DType.F32;
      case "float16", "half" -> DType.F16;
      case "bfloat16" -> DType.BF16;
      default -> throw config.unsupported(field, "'" + name + "'", "float32, float16, bfloat16");
    };
  }
}
