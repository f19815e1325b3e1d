package dev.outcrop.models.arch;

import dev.outcrop.models.arch.Attention.QkNorm;
import dev.outcrop.models.arch.Experts.Shared;
import dev.outcrop.models.arch.Experts.Storage;
import dev.outcrop.models.arch.Norms.Place;
import dev.outcrop.models.files.Fields;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The families with experts; as {@link DecoderConfigReader} reads the others. */
final class ExpertFamilies {
  private static final int MAX_EXPERTS = 4_096;
  private static final int MAX_WIDTH = 1 << 20;

  private final ConfigParts parts;
  private final Fields config;

  ExpertFamilies(ConfigParts parts) {
    this.parts = parts;
    this.config = parts.config();
  }

  /** Whether a family's checkpoints may be quantised like this. */
  static boolean quantised(Family family, Fields quantisation) {
    return family == Family.GPT_OSS && quantisation.text("quant_method", "").equals("mxfp4");
  }

  DecoderConfig mixtral() {
    Attention attention = parts.attention(8, null);
    int context = parts.context(131_072);
    Mlp mlp = experts("num_local_experts", 8, 2, parts.width(), true, null, null, Storage.MIXTRAL);
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-5, Place.BEFORE),
        parts.alike(parts.window(null), rope(attention, 1_000_000, context), mlp),
        Scales.NONE,
        false);
  }

  DecoderConfig qwen2() {
    Attention attention = parts.attention(16, null).withBias(config.flag("qkv_bias", true), false);
    int sliding = config.integer("max_window_layers", 0, Integer.MAX_VALUE, 28);
    int context = parts.context(32_768);
    Rope rope = rope(attention, 10_000, context);
    int sharedWidth = config.integer("shared_expert_intermediate_size", 1, MAX_WIDTH, 5_632);
    Mlp experts = qwenExperts(60, 4, 1_408, new Shared(sharedWidth, true));
    // Not as in the dense family, but that is how transformers reads it.
    List<Layer> layers =
        parts.layers(qwenWindow(), l -> l % 2 == 0 && l < sliding, (l, slides) -> rope, experts);
    return qwen(context, attention, layers);
  }

  DecoderConfig qwen3() {
    boolean bias = config.flag("attention_bias", false);
    Attention attention = parts.attention(4, null).withBias(bias, bias).withQkNorm(QkNorm.HEAD);
    int context = parts.context(32_768);
    Rope rope = rope(attention, 10_000, context);
    return qwen(
        context, attention, parts.alike(qwenWindow(), rope, qwenExperts(128, 8, 768, null)));
  }

  private DecoderConfig qwen(int context, Attention attention, List<Layer> sparse) {
    Mlp dense = parts.gated("hidden_act", Activation.SILU, false, false);
    List<Integer> denseOnes = config.ids("mlp_only_layers", sparse.size() - 1);
    int step = config.integer("decoder_sparse_step", 1, 1_024, 1);
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < sparse.size(); l++) {
      Layer layer = sparse.get(l);
      boolean experts = !denseOnes.contains(l) && (l + 1) % step == 0;
      layers.add(experts ? layer : new Layer(layer.window(), layer.rope(), dense));
    }
    return parts.decoder(
        context, attention, parts.rms(1e-6, Place.BEFORE), layers, Scales.NONE, false);
  }

  private @Nullable Integer qwenWindow() {
    return config.flag("use_sliding_window", false) ? parts.window(4_096) : null;
  }

  private Experts qwenExperts(int count, int perToken, int width, @Nullable Shared shared) {
    String counted = config.has("num_experts") ? "num_experts" : "num_local_experts";
    return experts(
        counted,
        count,
        perToken,
        config.integer("moe_intermediate_size", 1, MAX_WIDTH, width),
        config.flag("norm_topk_prob", false),
        null,
        shared,
        Storage.QWEN);
  }

  DecoderConfig gptOss() {
    boolean bias = config.flag("attention_bias", true);
    Attention attention = parts.attention(8, 64).withBias(bias, bias).withSinks(true);
    int context = parts.context(131_072);
    if (config.object("rope_scaling") == null && config.object("rope_parameters") == null) {
      throw config.invalid("rope_scaling", "is missing");
    }
    Rope rope = rope(attention, 150_000, context);
    double limit = config.number("swiglu_limit", 1e-3, 1e6, 7);
    boolean packed = config.object("quantization_config") != null;
    if (packed && (parts.hidden() % 32 != 0 || parts.width() % 32 != 0)) {
      throw config.invalid("hidden_size", "and intermediate_size must be multiples of 32");
    }
    Storage storage = packed ? Storage.MXFP4 : Storage.STACKED;
    Mlp mlp = experts("num_local_experts", 128, 4, parts.width(), true, limit, null, storage);
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-5, Place.BEFORE),
        parts.layers(parts.window(128), l -> l % 2 == 0, (l, slides) -> rope, mlp),
        Scales.NONE,
        false);
  }

  private Experts experts(
      String counted,
      int countAbsent,
      int perTokenAbsent,
      int width,
      boolean normalised,
      @Nullable Double limit,
      @Nullable Shared shared,
      Storage storage) {
    int count = config.integer(counted, 1, MAX_EXPERTS, countAbsent);
    int perToken = config.integer("num_experts_per_tok", 1, MAX_EXPERTS, perTokenAbsent);
    if (perToken > count) {
      throw config.invalid(
          "num_experts_per_tok", "is %d, there are %d experts".formatted(perToken, count));
    }
    Activation activation =
        limit == null ? parts.activation("hidden_act", Activation.SILU) : Activation.SILU;
    return new Experts(
        count,
        perToken,
        width,
        activation,
        normalised,
        limit,
        limit != null,
        null,
        shared,
        storage);
  }

  private Rope rope(Attention attention, double theta, int context) {
    return new RopeReader(config, attention.rotaryDim(), context).ofAllLayers(theta);
  }
}
