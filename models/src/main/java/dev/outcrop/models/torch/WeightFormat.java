package dev.outcrop.models.torch;

/**
 * How the weights of a decoder's linear layers are held, whatever type it computes in. Embedding,
 * biases, norms and routers keep the type of the model.
 *
 * @param bits 16 for the model's own type, 8 with a scale for each row, or 4 with a scale and a
 *     zero for each group
 * @param group neighbours along the input that share them, at 4 bits: 32, 64 or 128; where the
 *     input is no multiple of it the next smaller one that fits is taken
 * @param roundsInputs whether kernels may be used that round the inputs of a layer to 8 bits too
 * @param stored whether the checkpoint holds the 4 bits; what it holds whole then stays so
 */
public record WeightFormat(int bits, int group, boolean roundsInputs, boolean stored) {
  /** The type of the model. */
  public static final WeightFormat PLAIN = new WeightFormat(16, 0, false, false);

  /** Checks the fields. */
  public WeightFormat {
    boolean sound =
        switch (bits) {
          case 4 -> (group == 32 || group == 64 || group == 128) && !roundsInputs;
          case 8 -> group == 0 && !stored;
          default -> bits == 16 && group == 0 && !roundsInputs && !stored;
        };
    if (!sound) {
      throw new IllegalArgumentException("no weights of %d bits, group %d".formatted(bits, group));
    }
  }

  /** Weights that are quantised while they load. */
  public WeightFormat(int bits, int group, boolean roundsInputs) {
    this(bits, group, roundsInputs, false);
  }

  boolean quantised() {
    return bits < 16;
  }
}
