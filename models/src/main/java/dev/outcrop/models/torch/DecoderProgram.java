package dev.outcrop.models.torch;

import dev.outcrop.models.arch.Activation;
import dev.outcrop.models.arch.Attention;
import dev.outcrop.models.arch.Attention.QkNorm;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Experts;
import dev.outcrop.models.arch.Layer;
import dev.outcrop.models.arch.Mlp;
import dev.outcrop.models.arch.Norms;
import dev.outcrop.models.arch.PackedWeights;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.arch.Scales;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The decoder's TorchScript text, put together for one configuration and type. Layers that are
 * alike share one method and run in a loop; where they differ, every kind has its own method and
 * the calls are written out, so that no layer asks at run time what it is.
 */
final class DecoderProgram {
  private static final String GPTQ_SHIFTS = "[0, 4, 8, 12, 16, 20, 24, 28]";
  private static final String AWQ_SHIFTS = "[0, 16, 4, 20, 8, 24, 12, 28]";
  private static final String VARLEN = "torch._flash_attention_forward";
  private static final String PACK = "torch._convert_weight_to_int4pack";
  private static final String PACK_STAND_IN = "self.four_bit_pack_stand_in";
  private static final String PRODUCT = "torch._weight_int4pack_mm";
  private static final String PRODUCT_STAND_IN = "self.four_bit_product_stand_in";

  private final DecoderConfig config;
  private final ElementType type;
  private final boolean onednn;
  private final WeightFormat format;
  private final Stage stage;
  private final List<Layer> kinds;
  private final List<Rope> ropes;
  private final LayerCalls calls;

  private DecoderProgram(
      DecoderConfig config, ElementType type, boolean onednn, WeightFormat format, Stage stage) {
    this.stage = stage;
    this.config = config;
    this.type = type;
    this.onednn = onednn;
    this.format = format;
    this.kinds = config.layers().stream().distinct().toList();
    this.ropes = ropes(config);
    this.calls = new LayerCalls(config, stage, kinds, ropes, windows(config));
  }

  /**
   * Writes the program.
   *
   * @param onednn whether linear layers take weights in oneDNN's own layout
   */
  static String text(DecoderConfig config, ElementType type, boolean onednn, WeightFormat format) {
    return text(config, type, onednn, format, Stage.whole(config));
  }

  /** Writes the program of a stage. What a step's layouts are does not depend on the stage. */
  static String text(
      DecoderConfig config, ElementType type, boolean onednn, WeightFormat format, Stage stage) {
    return new DecoderProgram(config, type, onednn, format, stage).text();
  }

  /** Writes the program with weights in the model's own type. */
  static String text(DecoderConfig config, ElementType type, boolean onednn) {
    return text(config, type, onednn, WeightFormat.PLAIN);
  }

  /** The rotary embeddings that layers use, each once; the program numbers them so. */
  static List<Rope> ropes(DecoderConfig config) {
    return config.layers().stream().map(Layer::rope).filter(Objects::nonNull).distinct().toList();
  }

  /** The windows of the layers, each once, null for none; the order of the program's layouts. */
  static List<@Nullable Integer> windows(DecoderConfig config) {
    List<@Nullable Integer> windows = new ArrayList<>();
    for (Layer layer : config.layers()) {
      if (!windows.contains(layer.window())) {
        windows.add(layer.window());
      }
    }
    return windows;
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        values()
            .value("prepare", calls.prepare())
            .value("layers", calls.layers())
            .read(
                "decoder.torchscript",
                cuda() ? "cuda_linear.torchscript" : "linear.torchscript",
                cuda() ? "cuda_parts.torchscript" : "norm.torchscript"));
    if (!cuda()) {
      text.append(values().read("held.torchscript"));
    }
    if (format.quantised()) {
      text.append(values().read("four_bits.torchscript"));
    }
    if (format.quantised() && !cuda()) {
      text.append(values().read("quantised.torchscript"));
    }
    PackedWeights packed = config.packed();
    if (packed != null) {
      text.append(packed(packed).read("packed.torchscript"));
    }
    for (int rope = 0; rope < ropes.size(); rope++) {
      ProgramText rotation = values().value("rope", rope);
      text.append(
          RopeProgram.values(rotation, ropes.get(rope), config.attention().rotaryDim())
              .read("rope.torchscript"));
    }
    text.append(values().read(cuda() ? "cuda_attention.torchscript" : "attention.torchscript"));
    Attention.Latent latent = config.attention().latent();
    if (latent != null) {
      text.append(latent(latent).read("latent.torchscript"));
    }
    for (int kind = 0; kind < kinds.size(); kind++) {
      ProgramText layer = layer(kind, kinds.get(kind));
      text.append(layer.read(cuda() ? "cuda_layer.torchscript" : "layer.torchscript"));
      if (kinds.get(kind).mlp() instanceof Experts) {
        text.append(layer.read("experts.torchscript"));
      }
    }
    if (ExpertProgram.in(config)) {
      text.append(values().read("expert_weights.torchscript"));
    }
    return text.append(
            values()
                .read(
                    "embedding.torchscript",
                    "sampling.torchscript",
                    "weights.torchscript",
                    "stage.torchscript",
                    "floor.torchscript"))
        .toString();
  }

  private ProgramText packed(PackedWeights packed) {
    boolean gptq = packed.method() == PackedWeights.Method.GPTQ;
    return values()
        .flag("packed_inputs", gptq)
        .value("zero_offset", packed.zeroOffset())
        .value("packed_shifts", gptq ? GPTQ_SHIFTS : AWQ_SHIFTS);
  }

  private boolean cuda() {
    return stage.device().cuda();
  }

  private ProgramText layer(int kind, Layer layer) {
    Mlp mlp = layer.mlp();
    boolean mlpBias =
        switch (mlp) {
          case Mlp.Gated(_, _, boolean bias, _) -> bias;
          case Mlp.Plain(_, _, boolean bias) -> bias;
          case Experts _ -> false;
        };
    Attention attention = config.attention();
    return ExpertProgram.values(values(), mlp)
        .value("kind", kind)
        .value("width", mlp.width())
        .value("window_left", layer.window() == null ? "None" : layer.window() - 1)
        .flag("rope", layer.rope() != null)
        .flag("rope_all", layer.rope() != null && attention.rotaryDim() == attention.headDim())
        .flag("gated", mlp instanceof Mlp.Gated)
        .flag("mlp_bias", mlpBias);
  }

  private ProgramText latent(Attention.Latent latent) {
    Attention attention = config.attention();
    int queryRank = latent.queryRank() == null ? 0 : latent.queryRank();
    return values()
        .value("plain_dim", attention.headDim() - attention.rotaryDim())
        .value("value_dim", latent.valueDim())
        .value("value_padding", attention.headDim() - latent.valueDim())
        .value("rank", latent.rank())
        .value("query_rank", queryRank)
        .value("both_ranks", queryRank + latent.rank())
        .flag("query_rank", queryRank > 0)
        .flag("interleaved", latent.interleaved());
  }

  /** What all parts of the text may use. */
  private ProgramText values() {
    Attention attention = config.attention();
    Norms norms = config.norms();
    Scales scales = config.scales();
    Mlp mlp = config.layers().getFirst().mlp();
    int chunk = chunk(config.vocabularySize());
    Double cap = attention.softCap();
    Double logitsCap = scales.logitsCap();
    String sdpa = "torch._scaled_dot_product_flash_attention_for_cpu";
    boolean fusedScale = cap == null && !attention.usualScale();
    return QuantisedProgram.values(new ProgramText(), format, onednn, cuda())
        .value("dtype", type.scalarType())
        .value("hidden", config.hiddenSize())
        .value("vocabulary", config.vocabularySize())
        .value("intermediate", mlp.width())
        .value("layer_count", stage.count())
        .value("device", stage.device().text())
        .value("varlen", stage.device().standIn() ? "self.varlen_attention" : VARLEN)
        .value("four_bit_pack", stage.device().standIn() ? PACK_STAND_IN : PACK)
        .value("four_bit_product", stage.device().standIn() ? PRODUCT_STAND_IN : PRODUCT)
        .value("attention_scale", ProgramText.number(attention.scale()))
        .flag("first", stage.first())
        .flag("last", stage.last())
        .flag("cuda", cuda())
        .flag("stand_in", stage.device().standIn())
        .flag("meta", stage.device().kind() == TorchDevice.Kind.CUDA_ON_META)
        .flag("merged", !ExpertProgram.in(config) && mlp instanceof Mlp.Gated)
        .value("heads", attention.heads())
        .value("kv_heads", attention.kvHeads())
        .value("kv_heads2", 2 * attention.kvHeads())
        .value("qk_heads", attention.heads() + attention.kvHeads())
        .value("qkv_heads", attention.heads() + 2 * attention.kvHeads())
        .value("group", attention.heads() / attention.kvHeads())
        .value("head_dim", attention.headDim())
        .value("rotary_dim", attention.rotaryDim())
        .value("half_dim", attention.rotaryDim() / 2)
        .value("attention_width", attention.heads() * attention.headDim())
        .value("kv_width", attention.kvHeads() * attention.headDim())
        .value("eps", ProgramText.number(norms.eps()))
        .value("chunk", chunk)
        .value("chunks", config.vocabularySize() / chunk)
        .value("attend", cap == null ? sdpa : "self.capped")
        .value("attend_masked", cap == null ? sdpa : "self.capped_masked")
        .value("scale", fusedScale ? ", scale=" + ProgramText.number(attention.scale()) : "")
        .value("score_cap", cap == null ? "" : ProgramText.number(cap))
        .value("scale_by_cap", cap == null ? "" : ProgramText.number(attention.scale() / cap))
        .value(
            "residual",
            scales.residual() == 1 ? "" : ", alpha=" + ProgramText.number(scales.residual()))
        .value("embedding_scale", ProgramText.number(type.rounded(scales.embedding())))
        .value("logits_divisor", ProgramText.number(scales.logits()))
        .value("logits_cap", logitsCap == null ? "" : ProgramText.number(logitsCap))
        .value("gelu", mlp.activation() == Activation.GELU ? "none" : "tanh")
        .flag("silu", mlp.activation() == Activation.SILU)
        .flag("chunks", chunk > 1)
        .flag("onednn", onednn)
        .flag("padded", onednn && !ExpertProgram.in(config)) // a router would route what pads
        .flag("windows", calls.windowed())
        .flag("mixed", calls.mixed())
        .flag("layer_norm", norms.kind() == Norms.Kind.LAYER)
        .flag("norm_before", norms.place().before())
        .flag("norm_after", norms.place().after())
        .flag("plus_one", norms.plusOne())
        .flag("qkv_bias", attention.bias())
        .flag("output_bias", attention.outputBias())
        .flag("qk_norm", attention.qkNorm() != QkNorm.NONE)
        .flag("qk_norm_width", attention.qkNorm() == QkNorm.WIDTH)
        .flag("score_cap", cap != null)
        .flag("sinks", attention.sinks())
        .flag("latent", attention.latent() != null)
        .flag("embedding_scale", scales.embedding() != 1)
        .flag("residual_scale", scales.residual() != 1)
        .flag("logits_divisor", scales.logits() != 1)
        .flag("logits_cap", logitsCap != null);
  }

  /** A divisor of the vocabulary of a few hundred, or 1 where there is none. */
  static int chunk(int vocabulary) {
    for (int chunk = 512; chunk >= 64; chunk--) {
      if (vocabulary % chunk == 0 && vocabulary / chunk > 1) {
        return chunk;
      }
    }
    return 1;
  }
}
