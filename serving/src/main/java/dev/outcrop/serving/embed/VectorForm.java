package dev.outcrop.serving.embed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Base64;

/** The forms that APIs give embeddings in. Pure. */
public final class VectorForm {
  /** Numbers of a vector beyond so many times their usual size are cut to that. */
  private static final double WIDEST = 6;

  private static final int HIGHEST = 127;
  private static final int LOWEST = -128;

  private VectorForm() {}

  /**
   * The first numbers of a vector, which models trained for it (Kusupati et al., Matryoshka
   * representation learning, 2022) keep the most in.
   *
   * @param normalize whether it is scaled to length 1
   */
  public static float[] shortened(float[] values, int dimensions, boolean normalize) {
    float[] vector = Arrays.copyOf(values, dimensions);
    if (normalize) {
      double square = 0;
      for (float value : vector) {
        square += (double) value * value;
      }
      double length = Math.max(Math.sqrt(square), 1e-12);
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) (vector[i] / length);
      }
    }
    return vector;
  }

  /** A 1 for every number above 0, else a 0. */
  public static int[] bits(float[] vector) {
    int[] bits = new int[vector.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = vector[i] > 0 ? 1 : 0;
    }
    return bits;
  }

  /**
   * The bits, eight to a number from 0 to 255, the first the highest; the last number is filled up
   * with zeros.
   */
  public static int[] packed(float[] vector) {
    int[] packed = new int[Math.ceilDiv(vector.length, Byte.SIZE)];
    for (int i = 0; i < vector.length; i++) {
      if (vector[i] > 0) {
        packed[i / Byte.SIZE] |= 1 << (Byte.SIZE - 1 - i % Byte.SIZE);
      }
    }
    return packed;
  }

  /**
   * Whole numbers from -128 to 127 of a vector of length 1. The scale depends on the number of
   * dimensions alone, so the products of such vectors compare as those of the vectors themselves.
   */
  public static int[] int8(float[] vector) {
    double scale = HIGHEST * Math.sqrt(vector.length) / WIDEST;
    int[] numbers = new int[vector.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Math.clamp(Math.round(vector[i] * scale), LOWEST, HIGHEST);
    }
    return numbers;
  }

  /** The same numbers and so many more. */
  public static int[] plus(int[] numbers, int more) {
    return Arrays.stream(numbers).map(number -> number + more).toArray();
  }

  /** The numbers as float32, little endian, in base64. */
  public static String base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
