package dev.outcrop.models.loading;

import java.util.Locale;

/**
 * How the weights of a decoder's linear layers are held, whatever type its checkpoint is stored in.
 * They are quantised while they load. Embeddings, norms, biases and routers stay as they are; the
 * output head has eight bits at least.
 */
public enum Quantization {
  /** In the type the model is computed in. */
  NONE,
  /** Eight bits and a scale for each output channel. Activations are not rounded. */
  INT8,
  /** The same weights; where it is quicker, activations are rounded to eight bits per token too. */
  INT8_DYNAMIC,
  /** The usual groups of four bits, which are those of {@link #INT4_G32}. */
  INT4,
  /** Four bits; 32 neighbours along the input share a scale and a zero. */
  INT4_G32,
  /** Four bits in groups of 64. */
  INT4_G64,
  /** Four bits in groups of 128. */
  INT4_G128;

  /** Bits of a weight in the linear layers; 0 where they have the model's own type. */
  public int bits() {
    return switch (this) {
      case NONE -> 0;
      case INT8, INT8_DYNAMIC -> 8;
      case INT4, INT4_G32, INT4_G64, INT4_G128 -> 4;
    };
  }

  /** As options and files spell it: {@code int4-g32}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public String toString() {
    return word();
  }
}
