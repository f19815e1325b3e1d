package dev.outcrop.models.arch;

import dev.outcrop.models.files.Fields;
import dev.outcrop.models.weights.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** What config.json says in the same way for many families, checked. */
final class ConfigParts {
  private static final int MAX_VOCABULARY = 1 << 24;
  private static final int MAX_WIDTH = 1 << 18;
  private static final int MAX_LAYERS = 1_024;
  private static final int MAX_HEADS = 4_096;
  private static final int MAX_HEAD_DIM = 1_024;
  static final int MAX_POSITION = 1 << 26;
  static final String FULL = "full_attention";
  static final String SLIDING = "sliding_attention";

  private final Fields config;
  private final Family family;
  private final @Nullable PackedWeights packed;

  ConfigParts(Fields config, Family family, @Nullable PackedWeights packed) {
    this.config = config;
    this.family = family;
    this.packed = packed;
  }

  /** The rope of a layer, which slides or does not; null for none. */
  interface RopeOfLayer {
    @Nullable Rope of(int layer, boolean slides);
  }

  Fields config() {
    return config;
  }

  int hidden() {
    return config.integer("hidden_size", 1, MAX_WIDTH);
  }

  int width() {
    return config.integer("intermediate_size", 1, MAX_WIDTH * 8);
  }

  int layerCount() {
    return config.integer("num_hidden_layers", 1, MAX_LAYERS);
  }

  int context(int absent) {
    return config.integer("max_position_embeddings", 1, MAX_POSITION, absent);
  }

  /**
   * Puts the parts together.
   *
   * @param tied whether embeddings are tied where the config does not say
   */
  DecoderConfig decoder(
      int context,
      Attention attention,
      Norms norms,
      List<Layer> layers,
      Scales scales,
      boolean tied) {
    return new DecoderConfig(
        family,
        config.integer("vocab_size", 1, MAX_VOCABULARY),
        hidden(),
        longest(layers, context),
        attention,
        norms,
        layers,
        scales,
        config.flag("tie_word_embeddings", tied),
        dtype(),
        config.ids("bos_token_id", MAX_VOCABULARY),
        config.ids("eos_token_id", MAX_VOCABULARY),
        packed);
  }

  /** Dynamic rope is for sequences beyond what the config calls the longest. */
  private static int longest(List<Layer> layers, int context) {
    double longest = context;
    for (Layer layer : layers) {
      if (layer.rope() instanceof Rope.Dynamic(_, double factor, _)) {
        longest = Math.max(longest, context * factor);
      }
    }
    return (int) Math.min(longest, MAX_POSITION);
  }

  /**
   * Heads as Llama has them.
   *
   * @param kvAbsent KV heads where the config does not mention them, null for as many as heads
   * @param dimAbsent dimensions of a head likewise, null for what the hidden size leaves
   */
  Attention attention(@Nullable Integer kvAbsent, @Nullable Integer dimAbsent) {
    int heads = config.integer("num_attention_heads", 1, MAX_HEADS);
    String field = "num_key_value_heads";
    int absent = kvAbsent == null || config.mentions(field) ? heads : kvAbsent;
    int kvHeads = config.integer(field, 1, MAX_HEADS, absent);
    if (heads % kvHeads != 0) {
      throw config.invalid(
          field, "is %d, must divide num_attention_heads (%d)".formatted(kvHeads, heads));
    }
    return Attention.plain(heads, kvHeads, headDim(heads, dimAbsent));
  }

  private int headDim(int heads, @Nullable Integer dimAbsent) {
    if (dimAbsent != null && !config.mentions("head_dim")) {
      return dimAbsent;
    }
    int hidden = hidden();
    if (!config.has("head_dim") && hidden % heads != 0) {
      throw config.invalid(
          "hidden_size",
          "is %d, must be a multiple of num_attention_heads (%d) where there is no head_dim"
              .formatted(hidden, heads));
    }
    int headDim = config.integer("head_dim", 1, MAX_HEAD_DIM, hidden / heads);
    if (headDim % 2 != 0 || headDim < 2 || headDim > MAX_HEAD_DIM) {
      throw config.invalid(
          "head_dim", "is %d, must be even and from 2 to %d".formatted(headDim, MAX_HEAD_DIM));
    }
    return headDim;
  }

  /** The same with as many dimensions rotating as partial_rotary_factor says. */
  Attention rotating(Attention attention) {
    String field = "partial_rotary_factor";
    double fraction = config.number(field, 0, 1, 1);
    for (String ropes : List.of("rope_scaling", "rope_parameters")) {
      Fields rope = config.object(ropes);
      fraction = rope == null ? fraction : rope.number(field, 0, 1, fraction);
    }
    int dim = (int) (attention.headDim() * fraction);
    if (dim % 2 != 0 || dim < 2) {
      throw config.invalid(
          field, "is %s, must leave an even number of dimensions".formatted(fraction));
    }
    return attention.withRotaryDim(dim);
  }

  double eps(String field, double absent) {
    return config.number(field, 1e-12, 1, absent);
  }

  Norms rms(double epsAbsent, Norms.Place place) {
    return new Norms(Norms.Kind.RMS, eps("rms_norm_eps", epsAbsent), place, false);
  }

  Activation activation(String field, Activation absent) {
    if (!config.has(field)) {
      return absent;
    }
    String name = config.text(field, "");
    return switch (name) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu" -> Activation.GELU;
      case "gelu_pytorch_tanh", "gelu_new" -> Activation.GELU_TANH;
      default -> throw config.unsupported(field, "'" + name + "'", "silu, gelu, gelu_pytorch_tanh");
    };
  }

  Mlp gated(String field, Activation absent, boolean bias, boolean fused) {
    return new Mlp.Gated(width(), activation(field, absent), bias, fused);
  }

  /** The window that sliding layers have; null where the config says null. */
  @Nullable Integer window(@Nullable Integer absent) {
    String field = "sliding_window";
    if (!config.has(field)) {
      return config.mentions(field) ? null : absent;
    }
    return config.integer(field, 1, MAX_POSITION);
  }

  /** Layers that do not differ. */
  List<Layer> alike(@Nullable Integer window, @Nullable Rope rope, Mlp mlp) {
    return Collections.nCopies(layerCount(), new Layer(window, rope, mlp));
  }

  /**
   * Layers of which some slide.
   *
   * @param window theirs; where null, none does
   * @param slides which do where the config has no layer_types
   */
  List<Layer> layers(@Nullable Integer window, IntPredicate slides, RopeOfLayer ropes, Mlp mlp) {
    int count = layerCount();
    List<String> types = config.texts("layer_types", MAX_LAYERS);
    for (String type : types) {
      if (!type.equals(FULL) && !type.equals(SLIDING)) {
        throw config.unsupported("layer_types", "'" + type + "'", FULL + ", " + SLIDING);
      }
    }
    if (config.has("layer_types") && types.size() != count) {
      throw config.invalid(
          "layer_types", "has %d entries, num_hidden_layers is %d".formatted(types.size(), count));
    }
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < count; l++) {
      boolean slide = types.isEmpty() ? slides.test(l) : types.get(l).equals(SLIDING);
      layers.add(new Layer(slide ? window : null, ropes.of(l, slide), mlp));
    }
    return layers;
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
