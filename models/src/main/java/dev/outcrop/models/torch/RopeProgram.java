package dev.outcrop.models.torch;

import dev.outcrop.models.arch.Rope;
import java.util.List;

/** What a decoder's program says of a rotary embedding. */
final class RopeProgram {
  private RopeProgram() {}

  /** Adds what rope.torchscript uses for one of them. */
  static ProgramText values(ProgramText text, Rope rope, int rotaryDim) {
    text.value("rope_theta", ProgramText.number(rope.theta()))
        .value("rope_attention_factor", ProgramText.number(rope.attentionFactor()))
        .flag("rope_scaled", rope.attentionFactor() != 1)
        .flag("rope_forms", rope.hasForms())
        .flag("rope_linear", rope instanceof Rope.Linear)
        .flag("rope_dynamic", rope instanceof Rope.Dynamic)
        .flag("rope_llama3", rope instanceof Rope.Llama3)
        .flag("rope_yarn", rope instanceof Rope.Yarn)
        .flag("rope_long", rope instanceof Rope.PerPair);
    return switch (rope) {
      case Rope.Default _ -> text;
      case Rope.Linear(_, double factor) -> text.value("rope_factor", ProgramText.number(factor));
      case Rope.Dynamic(_, double factor, int original) -> {
        double dim = rotaryDim;
        yield text.value("rope_factor", ProgramText.number(factor))
            .value("rope_factor_less_one", ProgramText.number(factor - 1))
            .value("rope_exponent", ProgramText.number(dim / (dim - 2)))
            .value("rope_original", original);
      }
      case Rope.Llama3(_, double factor, double low, double high, int original) ->
          text.value("rope_factor", ProgramText.number(factor))
              .value("rope_low", ProgramText.number(low))
              .value("rope_high", ProgramText.number(high))
              .value("rope_original", ProgramText.number(original))
              .value("rope_low_wavelength", ProgramText.number(original / low))
              .value("rope_high_wavelength", ProgramText.number(original / high));
      case Rope.Yarn(_, double factor, _, double low, double high) ->
          text.value("rope_factor", ProgramText.number(factor))
              .value("rope_low", ProgramText.number(low))
              // As transformers has it, against a ramp of no length.
              .value("rope_ramp", ProgramText.number(high == low ? 0.001 : high - low));
      case Rope.PerPair(_, List<Double> shorts, List<Double> longs, _, _) ->
          text.value("rope_short", numbers(shorts)).value("rope_long_factors", numbers(longs));
    };
  }

  private static String numbers(List<Double> values) {
    return values.stream().map(ProgramText::number).toList().toString();
  }
}
