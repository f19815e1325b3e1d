package dev.outcrop.models.arch;

import dev.outcrop.models.arch.Attention.Latent;
import dev.outcrop.models.arch.Experts.Groups;
import dev.outcrop.models.arch.Experts.Shared;
import dev.outcrop.models.arch.Experts.Storage;
import dev.outcrop.models.arch.Norms.Place;
import dev.outcrop.models.files.Fields;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The families with latent attention; as {@link DecoderConfigReader} reads the others. */
final class LatentFamilies {
  private static final int MAX_WIDTH = 1 << 18;
  private static final int MAX_DIM = 512;

  private final ConfigParts parts;
  private final Fields config;

  LatentFamilies(ConfigParts parts) {
    this.parts = parts;
    this.config = parts.config();
  }

  DecoderConfig deepseek3() {
    int context = parts.context(4_096);
    Attention attention = attention();
    Rope rope = new RopeReader(config, attention.rotaryDim(), context).ofAllLayers(10_000);
    Mlp dense = parts.gated("hidden_act", Activation.SILU, false, false);
    Mlp experts = experts();
    int denseOnes = config.integer("first_k_dense_replace", 0, Integer.MAX_VALUE, 3);
    List<Layer> layers =
        IntStream.range(0, parts.layerCount())
            .mapToObj(l -> new Layer(null, rope, l < denseOnes ? dense : experts))
            .toList();
    return parts.decoder(
        context, attention, parts.rms(1e-6, Place.BEFORE), layers, Scales.NONE, false);
  }

  private Attention attention() {
    if (config.flag("attention_bias", false)) {
      throw config.unsupported("attention_bias", "true", "false");
    }
    int heads = config.integer("num_attention_heads", 1, 4_096);
    int rotaryDim = config.integer("qk_rope_head_dim", 2, MAX_DIM, 64);
    int headDim = config.integer("qk_nope_head_dim", 1, MAX_DIM, 128) + rotaryDim;
    if (rotaryDim % 2 != 0 || headDim % 2 != 0) {
      throw config.invalid("qk_rope_head_dim", "and qk_nope_head_dim must be even");
    }
    Latent latent =
        new Latent(
            queryRank(),
            config.integer("kv_lora_rank", 1, MAX_WIDTH, 512),
            config.integer("v_head_dim", 1, headDim, Math.min(128, headDim)),
            config.flag("rope_interleave", true));
    return Attention.plain(heads, heads, headDim)
        .withRotaryDim(rotaryDim)
        .withScores(magnitude() / Math.sqrt(headDim), null)
        .withLatent(latent);
  }

  private @Nullable Integer queryRank() {
    String field = "q_lora_rank";
    return config.mentions(field) && !config.has(field)
        ? null
        : Integer.valueOf(config.integer(field, 1, MAX_WIDTH, 1_536));
  }

  /** Where rope is stretched, scores grow by this. */
  private double magnitude() {
    Fields rope = config.object("rope_scaling");
    rope = rope == null ? config.object("rope_parameters") : rope;
    if (rope == null) {
      return 1;
    }
    String type = rope.text(rope.has("rope_type") ? "rope_type" : "type", "default");
    double allDimensions = rope.number("mscale_all_dim", 0, 1e6, 0);
    if (type.equals("default") || allDimensions == 0) {
      return 1;
    }
    double factor = rope.number("factor", 1e-3, 1e6);
    double magnitude = factor <= 1 ? 1 : 0.1 * allDimensions * Math.log(factor) + 1;
    return magnitude * magnitude;
  }

  private Experts experts() {
    int count = config.integer("n_routed_experts", 1, 4_096, 256);
    int perToken = config.integer("num_experts_per_tok", 1, count, 8);
    int groups = config.integer("n_group", 1, count, 8);
    if (count % groups != 0 || count / groups < 2) {
      throw config.invalid(
          "n_group", "is %d, must divide %d experts by 2 or more".formatted(groups, count));
    }
    int chosen = config.integer("topk_group", 1, groups, 4);
    if (perToken > chosen * (count / groups)) {
      throw config.invalid("num_experts_per_tok", "exceeds the experts of topk_group groups");
    }
    int width = config.integer("moe_intermediate_size", 1, MAX_WIDTH, 2_048);
    int shared = config.integer("n_shared_experts", 0, 1_024, 1);
    return new Experts(
        count,
        perToken,
        width,
        parts.activation("hidden_act", Activation.SILU),
        config.flag("norm_topk_prob", true),
        null,
        false,
        new Groups(chosen == groups ? 1 : groups, chosen == groups ? 1 : chosen, scale()),
        shared == 0 ? null : new Shared(shared * width, false),
        Storage.DEEPSEEK);
  }

  private double scale() {
    return config.number("routed_scaling_factor", 1e-6, 1e6, 2.5);
  }
}
