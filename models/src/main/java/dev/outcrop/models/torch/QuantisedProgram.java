package dev.outcrop.models.torch;

/** What a decoder's program says of the weights of its linear layers. */
final class QuantisedProgram {
  /** Numbers of a weight that are unpacked at a time: what stays in a core's cache, nearly. */
  private static final int SCRATCH = 1 << 22;

  // Where nothing was measured: up to so many rows a kernel reads weights as they are.
  private static final int FEW_INT8 = 4;
  private static final int FEW_INT8_ROUNDED = 2;
  private static final int FEW_INT4 = 16;

  // What the system can put on large pages of 2 MiB, with little left over; untouched, it costs
  // nothing.
  private static final int SLAB = 1 << 27;

  // The largest number of a row is 127 times 256, so that its upper part stays within eight bits.
  private static final double SPLIT_UNIT = 1.0 / (127 * 256);

  private QuantisedProgram() {}

  /**
   * @param onednn whether whole weights are packed by oneDNN, where nothing else is said of a shape
   * @param cuda whether weights go to a GPU
   */
  static ProgramText values(ProgramText text, WeightFormat format, boolean onednn, boolean cuda) {
    return text.flag("quantised", format.quantised())
        .value("weight", weight(format, cuda))
        .flag("stored", format.stored())
        .value("bits", format.stored() ? 16 : format.bits())
        .value("head_bits", format.quantised() && !format.stored() ? 8 : 16)
        .value("whole_kernel", onednn ? 0 : 6)
        .value("whole_packed", onednn ? 1 : 0)
        .value("slab", SLAB)
        .value("quantised_group", format.group())
        .value("scratch", SCRATCH)
        .value("few_int8", format.roundsInputs() ? FEW_INT8_ROUNDED : FEW_INT8)
        .value("many_int8", format.roundsInputs() ? 3 : 7)
        .value("split_unit", SPLIT_UNIT)
        .value("few_int4", FEW_INT4);
  }

  private static String weight(WeightFormat format, boolean cuda) {
    if (!cuda) {
      return "Tuple[List[int], Tensor, Tensor]";
    }
    return format.quantised() ? "Tuple[Tensor, Tensor, int]" : "Tensor";
  }
}
