package dev.outcrop.models.torch;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Rope;
import java.util.Locale;

/** The decoder's TorchScript text, specialised for one configuration and type. */
final class DecoderProgram {
  private DecoderProgram() {}

  /**
   * Writes the program.
   *
   * @param onednn whether linear layers take weights in oneDNN's own layout
   */
  static String text(DecoderConfig config, ElementType type, boolean onednn) {
    int chunk = chunk(config.vocabularySize());
    Integer window = config.slidingWindow();
    ProgramText text =
        new ProgramText()
            .value("dtype", type.scalarType())
            .value("hidden", config.hiddenSize())
            .value("vocabulary", config.vocabularySize())
            .value("intermediate", config.intermediateSize())
            .value("layers", config.layers())
            .value("heads", config.heads())
            .value("kv_heads", config.kvHeads())
            .value("kv_heads2", 2 * config.kvHeads())
            .value("qk_heads", config.heads() + config.kvHeads())
            .value("qkv_heads", config.heads() + 2 * config.kvHeads())
            .value("group", config.heads() / config.kvHeads())
            .value("head_dim", config.headDim())
            .value("half_dim", config.headDim() / 2)
            .value("attention_width", config.heads() * config.headDim())
            .value("eps", number(config.rmsNormEps()))
            .value("window", window == null ? 0 : window)
            .value("chunk", chunk)
            .value("chunks", config.vocabularySize() / chunk)
            .flag("chunks", chunk > 1)
            .flag("onednn", onednn)
            .flag("window", window != null)
            .flag("qkv_bias", config.attentionBias())
            .flag("output_bias", config.outputBias())
            .flag("mlp_bias", config.mlpBias())
            .flag("qk_norm", config.qkNorm())
            .flag("rope_linear", config.rope() instanceof Rope.Linear)
            .flag("rope_llama3", config.rope() instanceof Rope.Llama3)
            .value("rope_theta", number(config.rope().theta()));
    switch (config.rope()) {
      case Rope.Default _ -> {}
      case Rope.Linear(_, double factor) -> text.value("rope_factor", number(factor));
      case Rope.Llama3(_, double factor, double low, double high, int original) ->
          text.value("rope_factor", number(factor))
              .value("rope_low", number(low))
              .value("rope_high", number(high))
              .value("rope_original", number(original))
              .value("rope_low_wavelength", number(original / low))
              .value("rope_high_wavelength", number(original / high));
    }
    return text.read(
        "decoder.torchscript", "sampling.torchscript", "weights.torchscript", "floor.torchscript");
  }

  /** A divisor of the vocabulary of a few hundred, or 1 where there is none. */
  private static int chunk(int vocabulary) {
    for (int chunk = 512; chunk >= 64; chunk--) {
      if (vocabulary % chunk == 0 && vocabulary / chunk > 1) {
        return chunk;
      }
    }
    return 1;
  }

  private static String number(double value) {
    return Double.toString(value).toLowerCase(Locale.ROOT);
  }
}
