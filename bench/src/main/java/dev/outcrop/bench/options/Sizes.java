package dev.outcrop.bench.options;

import java.util.Arrays;
import picocli.CommandLine.TypeConversionException;

/** Reads the sizes of a model that an option names, each from 1 to a million. */
final class Sizes {
  private static final int LARGEST = 1 << 20;

  private Sizes() {}

  /**
   * The numbers of an option.
   *
   * @param form what they are, separated by commas
   * @param count how many they are, in words
   */
  static int[] read(String text, String form, String count) {
    int[] sizes;
    try {
      sizes = Arrays.stream(text.split(",", -1)).mapToInt(Integer::parseInt).toArray();
    } catch (NumberFormatException e) {
      throw refusal(text, form, count);
    }
    if (sizes.length != form.split(",", -1).length
        || Arrays.stream(sizes).anyMatch(n -> n < 1 || n > LARGEST)) {
      throw refusal(text, form, count);
    }
    return sizes;
  }

  private static TypeConversionException refusal(String text, String form, String count) {
    return new TypeConversionException(
        "takes %s numbers from 1 to %d, %s, was %s".formatted(count, LARGEST, form, text));
  }
}
