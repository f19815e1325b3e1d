package dev.outcrop.serving.plan;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.DecoderSize;
import dev.outcrop.models.arch.PackedWeights;
import dev.outcrop.models.loading.Quantization;
import java.util.Locale;

/**
 * The bytes and operations that a decoder takes, counted from config.json and the way its weights
 * are held: as the checkpoint packed them, or as they are quantised while they load. Immutable.
 *
 * @param config the decoder
 * @param size what it consists of
 * @param quantization how its linear layers are held where the checkpoint has not packed them;
 *     everything else is in bfloat16
 */
public record ModelWork(DecoderConfig config, DecoderSize size, Quantization quantization) {
  private static final int WHOLE = 2; // bytes of bfloat16

  /** A scale and a zero for each group of four-bit weights. */
  private static final double GROUP_NUMBERS = 2;

  private static final int MULTIPLY_AND_ADD = 2;

  /** Checks that weights are quantised once. */
  public ModelWork {
    PackedWeights packed = config.packed();
    if (packed != null && quantization != Quantization.NONE) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "the checkpoint's weights are quantised already (%s); quantization must be none, was %s"
              .formatted(word(packed), quantization.word()));
    }
  }

  /**
   * Counts a decoder.
   *
   * @throws OutcropException where weights that are packed already would be quantised again
   */
  public static ModelWork of(DecoderConfig config, Quantization quantization) {
    return new ModelWork(config, DecoderSize.of(config), quantization);
  }

  /** How weights are held, as reports have it: {@code none}, {@code int8}, {@code awq-g128}. */
  public String held() {
    PackedWeights packed = config.packed();
    return packed == null ? quantization.word() : word(packed);
  }

  private static String word(PackedWeights packed) {
    return packed.method().name().toLowerCase(Locale.ROOT) + "-g" + packed.group();
  }

  /** Bytes of a number of a linear layer; scales of whole channels are too few to count. */
  private double linearBytes(int whole) {
    PackedWeights packed = config.packed();
    if (packed != null) {
      return grouped(packed.group(), whole);
    }
    return switch (quantization) {
      case NONE -> whole;
      case INT8, INT8_DYNAMIC -> 1;
      case INT4, INT4_G32 -> grouped(32, whole);
      case INT4_G64 -> grouped(64, whole);
      case INT4_G128 -> grouped(128, whole);
    };
  }

  private static double grouped(int group, int whole) {
    return (double) PackedWeights.BITS / Byte.SIZE + GROUP_NUMBERS * whole / group;
  }

  /** What a checkpoint packs leaves the head whole. */
  private double headBytes(int whole) {
    return (double) size.head() * (quantization == Quantization.NONE ? whole : 1);
  }

  /** Memory of the weights once loaded. A tied embedding is held twice. */
  public double weightBytes() {
    return weightBytes(WHOLE);
  }

  /**
   * The same of a model that computes in another type.
   *
   * @param whole bytes of a number of that type, 2 or 4
   */
  public double weightBytes(int whole) {
    return (size.linear() + size.expertNumbers()) * linearBytes(whole)
        + headBytes(whole)
        + (double) whole * (size.embedding() + size.plain());
  }

  /**
   * Weights that a step reads: all but the embedding, of which it looks up a few rows, and experts
   * that none of its tokens chose.
   *
   * @param tokens tokens of the step
   */
  public double bytesRead(double tokens) {
    return (size.linear() + size.expertNumbers(tokens)) * linearBytes(WHOLE)
        + headBytes(WHOLE)
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
