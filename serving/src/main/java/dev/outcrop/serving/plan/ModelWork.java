package dev.outcrop.serving.plan;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.DecoderSize;
import dev.outcrop.models.loading.Quantization;

/**
 * The bytes and operations that a decoder takes, counted from config.json and the way its weights
 * are held. Immutable.
 *
 * @param config the decoder
 * @param size what it consists of
 * @param quantization how its linear layers are held; everything else is in bfloat16
 */
public record ModelWork(DecoderConfig config, DecoderSize size, Quantization quantization) {
  private static final int WHOLE = 2; // bytes of bfloat16

  /** A scale and a zero in bfloat16 for each group of four-bit weights. */
  private static final double GROUP_BYTES = 4;

  private static final int MULTIPLY_AND_ADD = 2;

  /** Counts a decoder. */
  public static ModelWork of(DecoderConfig config, Quantization quantization) {
    return new ModelWork(config, DecoderSize.of(config), quantization);
  }

  /** Bytes of a number of a linear layer; scales of whole channels are too few to count. */
  private double linearBytes() {
    return switch (quantization) {
      case NONE -> WHOLE;
      case INT8, INT8_DYNAMIC -> 1;
      case INT4, INT4_G32 -> 0.5 + GROUP_BYTES / 32;
      case INT4_G64 -> 0.5 + GROUP_BYTES / 64;
      case INT4_G128 -> 0.5 + GROUP_BYTES / 128;
    };
  }

  private double headBytes() {
    return (double) size.head() * (quantization == Quantization.NONE ? WHOLE : 1);
  }

  /** Memory of the weights once loaded. A tied embedding is held twice. */
  public double weightBytes() {
    return (size.linear() + size.expertNumbers()) * linearBytes()
        + headBytes()
        + (double) WHOLE * (size.embedding() + size.plain());
  }

  /**
   * Weights that a step reads: all but the embedding, of which it looks up a few rows, and experts
   * that none of its tokens chose.
   *
   * @param tokens tokens of the step
   */
  public double bytesRead(double tokens) {
    return (size.linear() + size.expertNumbers(tokens)) * linearBytes()
        + headBytes()
        + (double) WHOLE * size.plain();
  }

  /** KV of one token over all layers. */
  public long kvBytesPerToken() {
    return WHOLE * config.kvNumbersPerToken();
  }

  /** KV that a token reads which sees so many; less than all of it where layers have windows. */
  public double kvBytesRead(double context) {
    return WHOLE * size.attention().kvNumbers() * size.attention().seen(context);
  }

  /** Operations of a token that is generated behind so many others. */
  public double decodeFlops(double context) {
    return (double) MULTIPLY_AND_ADD * size.active()
        + size.attention().scoreFlops() * size.attention().seen(context);
  }

  /** Operations of a prompt; only its last token passes the head. */
  public double promptFlops(double tokens) {
    double perToken = (double) MULTIPLY_AND_ADD * (size.active() - size.head());
    return tokens * perToken
        + (double) MULTIPLY_AND_ADD * size.head()
        + size.attention().scoreFlops() * size.attention().seenByPrompt(tokens);
  }
}
