package dev.outcrop.models.torch;

/** What a decoder's program says of the weights of its linear layers. */
final class QuantisedProgram {
  /** Numbers of a weight that are unpacked at a time: what stays in a core's cache, nearly. */
  private static final int SCRATCH = 1 << 22;

  // Where nothing was measured: up to so many rows a kernel reads weights as they are.
  private static final int FEW_INT8 = 8;
  private static final int FEW_INT8_ROUNDED = 2;
  private static final int FEW_INT4 = 16;

  private QuantisedProgram() {}

  static ProgramText values(ProgramText text, WeightFormat format) {
    return text.flag("quantised", format.quantised())
        .value("weight", format.quantised() ? "Tuple[List[int], Tensor, Tensor]" : "Tensor")
        .value("bits", format.bits())
        .value("quantised_group", format.group())
        .value("scratch", SCRATCH)
        .value("few_int8", format.roundsInputs() ? FEW_INT8_ROUNDED : FEW_INT8)
        .value("many_int8", format.roundsInputs() ? 3 : 2)
        .value("few_int4", FEW_INT4);
  }
}
