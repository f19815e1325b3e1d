package dev.outcrop.models.arch;

import dev.outcrop.models.arch.Attention.QkNorm;
import dev.outcrop.models.arch.Norms.Place;
import dev.outcrop.models.files.Fields;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns config.json into a {@link DecoderConfig}, family by family. Absent fields take the defaults
 * of the family's configuration class in transformers, since that is what the checkpoint's author
 * relied on.
 */
final class DecoderConfigReader {
  private static final double THETA = 10_000;

  private final ConfigParts parts;
  private final Fields config;

  private DecoderConfigReader(ConfigParts parts) {
    this.parts = parts;
    this.config = parts.config();
  }

  static DecoderConfig read(Fields config) {
    if (!config.has("model_type")) {
      throw config.invalid("model_type", "is missing");
    }
    String type = config.text("model_type", "");
    Family family = Family.of(type);
    if (family == null) {
      throw config.unsupported(
          "model_type",
          "'" + type + "'",
          Family.supported() + "; encoders: " + EncoderFamily.supported());
    }
    Fields quantisation = config.object("quantization_config");
    PackedWeights packed = quantisation == null ? null : PackedWeights.read(family, quantisation);
    if (quantisation != null && packed == null && !ExpertFamilies.quantised(family, quantisation)) {
      throw config.unsupported(
          "quantization_config",
          "'" + quantisation.text("quant_method", "present") + "'",
          "checkpoints in float32, float16 or bfloat16, dense families in gptq and awq, and"
              + " gpt_oss in mxfp4");
    }
    ConfigParts parts = new ConfigParts(config, family, packed);
    DecoderConfigReader reader = new DecoderConfigReader(parts);
    return switch (family) {
      case LLAMA -> reader.llama();
      case MISTRAL -> reader.mistral();
      case QWEN2 -> reader.qwen2();
      case QWEN3 -> reader.qwen3();
      case GEMMA2 -> reader.gemma2();
      case GEMMA3_TEXT -> reader.gemma3();
      case PHI3 -> reader.phi3();
      case OLMO2 -> reader.olmo2();
      case GRANITE -> reader.granite();
      case SMOLLM3 -> reader.smollm3();
      case STARCODER2 -> reader.starcoder2();
      case MIXTRAL -> new ExpertFamilies(parts).mixtral();
      case QWEN2_MOE -> new ExpertFamilies(parts).qwen2();
      case QWEN3_MOE -> new ExpertFamilies(parts).qwen3();
      case GPT_OSS -> new ExpertFamilies(parts).gptOss();
      case DEEPSEEK_V3 -> new LatentFamilies(parts).deepseek3();
    };
  }

  private DecoderConfig llama() {
    Attention attention = biased(parts.attention(null, null));
    int context = parts.context(2_048);
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-6, Place.BEFORE),
        parts.alike(null, rope(attention, THETA, context), silu(config.flag("mlp_bias", false))),
        Scales.NONE,
        false);
  }

  private DecoderConfig mistral() {
    Attention attention = parts.attention(8, null);
    int context = parts.context(131_072);
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-6, Place.BEFORE),
        parts.alike(parts.window(4_096), rope(attention, THETA, context), silu(false)),
        Scales.NONE,
        false);
  }

  private DecoderConfig qwen2() {
    return qwen(parts.attention(32, null).withBias(true, false));
  }

  private DecoderConfig qwen3() {
    return qwen(biased(parts.attention(32, 128)).withQkNorm(QkNorm.HEAD));
  }

  private DecoderConfig qwen(Attention attention) {
    Integer window = config.flag("use_sliding_window", false) ? parts.window(4_096) : null;
    int full = config.integer("max_window_layers", 0, Integer.MAX_VALUE, 28);
    int context = parts.context(32_768);
    Rope rope = rope(attention, THETA, context);
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-6, Place.BEFORE),
        parts.layers(window, l -> l >= full, (l, slides) -> rope, silu(false)),
        Scales.NONE,
        false);
  }

  private DecoderConfig gemma2() {
    Attention attention = gemmaAttention(50.0);
    int context = parts.context(8_192);
    Rope rope = rope(attention, THETA, context);
    ConfigParts.RopeOfLayer ropes = (l, slides) -> rope;
    List<Layer> layers = parts.layers(parts.window(4_096), l -> l % 2 == 0, ropes, gemmaMlp());
    return gemma(context, attention, layers, 30.0);
  }

  private DecoderConfig gemma3() {
    Attention attention = gemmaAttention(null).withQkNorm(QkNorm.HEAD);
    int context = parts.context(131_072);
    RopeReader ropes = new RopeReader(config, attention.rotaryDim(), context);
    Rope full = ropes.ofFullLayers(1_000_000);
    Rope sliding = ropes.ofSlidingLayers(10_000);
    if (full.hasForms() && sliding.hasForms()) {
      throw config.unsupported(
          "rope_parameters", "dynamic or longrope twice", "one set of such parameters");
    }
    int pattern = config.integer("sliding_window_pattern", 1, 1_024, 6);
    List<Layer> layers =
        parts.layers(
            parts.window(4_096),
            l -> (l + 1) % pattern != 0,
            (l, slides) -> slides ? sliding : full,
            gemmaMlp());
    return gemma(context, attention, layers, null);
  }

  private Attention gemmaAttention(@Nullable Double scoresCap) {
    double scalar = config.number("query_pre_attn_scalar", 1e-3, 1e6, 256);
    return biased(parts.attention(4, 256))
        .withScores(1 / Math.sqrt(scalar), cap("attn_logit_softcapping", scoresCap));
  }

  private Mlp gemmaMlp() {
    return parts.gated("hidden_activation", Activation.GELU_TANH, false, false);
  }

  private DecoderConfig gemma(
      int context, Attention attention, List<Layer> layers, @Nullable Double logitsCap) {
    if (config.flag("use_bidirectional_attention", false)) {
      throw config.unsupported("use_bidirectional_attention", "true", "false");
    }
    double embedding = Math.sqrt(parts.hidden());
    return parts.decoder(
        context,
        attention,
        new Norms(Norms.Kind.RMS, parts.eps("rms_norm_eps", 1e-6), Place.AROUND, true),
        layers,
        new Scales(embedding, 1, 1, cap("final_logit_softcapping", logitsCap)),
        true);
  }

  private @Nullable Double cap(String field, @Nullable Double absent) {
    if (config.has(field)) {
      return config.number(field, 1e-3, 1e6);
    }
    return config.mentions(field) ? null : absent;
  }

  private DecoderConfig phi3() {
    Attention attention = parts.rotating(parts.attention(null, null)).withFusedWeights();
    int context = parts.context(4_096);
    RopeReader ropes = new RopeReader(config, attention.rotaryDim(), context);
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-5, Place.BEFORE),
        parts.alike(
            parts.window(null),
            ropes.ofPhi3(THETA, 4_096),
            parts.gated("hidden_act", Activation.SILU, false, true)),
        Scales.NONE,
        false);
  }

  private DecoderConfig olmo2() {
    Attention attention = biased(parts.attention(null, null)).withQkNorm(QkNorm.WIDTH);
    int context = parts.context(2_048);
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-5, Place.AFTER),
        parts.alike(null, rope(attention, THETA, context), silu(false)),
        Scales.NONE,
        false);
  }

  private DecoderConfig granite() {
    Attention attention =
        biased(parts.attention(null, null)).withScores(multiplier("attention"), null);
    int context = parts.context(2_048);
    double logits = config.number("logits_scaling", 1e-6, 1e6, 1);
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-6, Place.BEFORE),
        parts.alike(null, rope(attention, THETA, context), silu(config.flag("mlp_bias", false))),
        new Scales(multiplier("embedding"), multiplier("residual"), logits, null),
        false);
  }

  private double multiplier(String of) {
    return config.number(of + "_multiplier", 1e-6, 1e6, 1);
  }

  private DecoderConfig smollm3() {
    Attention attention = biased(parts.attention(4, null));
    Integer window = config.flag("use_sliding_window", false) ? parts.window(null) : null;
    int context = parts.context(32_768);
    Rope rope = rope(attention, 2_000_000, context);
    List<Boolean> rotates = rotatingLayers();
    return parts.decoder(
        context,
        attention,
        parts.rms(1e-6, Place.BEFORE),
        parts.layers(
            window,
            l -> !rotates.get(l),
            (l, slides) -> rotates.get(l) ? rope : null,
            silu(config.flag("mlp_bias", false))),
        Scales.NONE,
        true);
  }

  /** The field is named after layers without rope, but its ones are those with it. */
  private List<Boolean> rotatingLayers() {
    String field = "no_rope_layers";
    int layers = parts.layerCount();
    if (!config.has(field)) {
      int interval = config.integer("no_rope_layer_interval", 1, 1_024, 4);
      return IntStream.range(0, layers).mapToObj(l -> (l + 1) % interval != 0).toList();
    }
    List<Integer> ones = config.ids(field, 1);
    if (ones.size() != layers) {
      throw config.invalid(
          field, "has %d entries, num_hidden_layers is %d".formatted(ones.size(), layers));
    }
    return ones.stream().map(one -> one == 1).toList();
  }

  private DecoderConfig starcoder2() {
    boolean bias = config.flag("use_bias", true);
    Attention attention = parts.attention(2, null).withBias(bias, bias);
    int context = parts.context(4_096);
    Activation activation = parts.activation("hidden_act", Activation.GELU_TANH);
    return parts.decoder(
        context,
        attention,
        new Norms(Norms.Kind.LAYER, parts.eps("norm_epsilon", 1e-5), Place.BEFORE, false),
        parts.alike(
            parts.window(null),
            rope(attention, THETA, context),
            new Mlp.Plain(parts.width(), activation, bias)),
        Scales.NONE,
        true);
  }

  private Attention biased(Attention attention) {
    boolean bias = config.flag("attention_bias", false);
    return attention.withBias(bias, bias);
  }

  private Mlp silu(boolean bias) {
    return parts.gated("hidden_act", Activation.SILU, bias, false);
  }

  private Rope rope(Attention attention, double theta, int context) {
    return new RopeReader(config, attention.rotaryDim(), context).ofAllLayers(theta);
  }
}
