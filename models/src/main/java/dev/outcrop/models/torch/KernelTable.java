package dev.outcrop.models.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which kernel the weights of one shape use, by the rows of a step. What {@link
 * TorchEngine#kernels} tells of an engine.
 *
 * @param rows output channels
 * @param columns input channels
 * @param format bits of a number, and how many share a scale: {@code int8}, {@code int4-g32}, or
 *     {@code none} for whole weights
 * @param weights how many weights have the shape
 * @param kernels for each of {@link #BUCKETS}
 * @param source where the choice comes from
 */
public record KernelTable(
    int rows, int columns, String format, int weights, List<Kernel> kernels, Source source) {
  /** The most rows of each bucket but the last; more rows are the last one's. */
  public static final List<Integer> BUCKETS = List.of(1, 4, 8, 16, 32, 64, 128);

  private static final int NUMBERS =
      66; // kernels for 0 to 64 rows and for more, as programs hold them

  /** Checks the fields. */
  public KernelTable {
    kernels = List.copyOf(kernels);
    if (kernels.size() != BUCKETS.size()) {
      throw new IllegalArgumentException("a kernel for each bucket");
    }
  }

  /** Whether another is about the same weights. */
  boolean sameShape(KernelTable other) {
    return rows == other.rows && columns == other.columns && format.equals(other.format);
  }

  /** What multiplies. */
  public enum Kernel {
    /** oneDNN's, over whole weights that it packed for itself. */
    ONEDNN_PACKED(0),
    /** oneDNN's, over whole weights as they are. */
    ONEDNN(0),
    /** libtorch's matrix product, over whole weights as they are. */
    MATMUL(6),
    /** Reads eight bits as they are; for few rows. */
    INT8_PACK(1),
    /** Makes weights whole, a part at a time; for many rows. */
    INT8_WIDENED(2),
    /** Rounds the rows to eight bits as well. */
    INT8_ROUNDED(3),
    /** Multiplies whole numbers, the rows in 16 bits: two of eight for each. */
    INT8_SPLIT(7),
    /** Reads four bits as they are. */
    INT4_PACK(4),
    /** Makes weights of four bits whole, a part at a time. */
    INT4_WIDENED(5);

    private final int number;

    Kernel(int number) {
      this.number = number;
    }

    /** As quantised.torchscript calls it. */
    int number() {
      return number;
    }

    private static Kernel of(long number, boolean packed) {
      return Arrays.stream(values())
          .filter(kernel -> kernel.number == number)
          .filter(kernel -> number != 0 || (kernel == ONEDNN_PACKED) == packed)
          .findFirst()
          .orElseThrow();
    }
  }

  /** Where a choice comes from. */
  public enum Source {
    /** Measured while the model loaded. */
    MEASURED,
    /** Measured before, by this or another process. */
    CACHED,
    /** There was nothing to choose, or no time to. */
    DEFAULT
  }

  /** As a program wants them. */
  static long[] numbers(List<Kernel> kernels) {
    long[] numbers = new long[NUMBERS];
    for (int rows = 0; rows < NUMBERS; rows++) {
      int bucket = 0;
      while (bucket < BUCKETS.size() - 1 && rows > BUCKETS.get(bucket)) {
        bucket++;
      }
      numbers[rows] = kernels.get(bucket).number();
    }
    return numbers;
  }

  /** What a program's own table says. */
  static List<Kernel> kernels(long[] numbers) {
    boolean packed = numbers[NUMBERS + 2] == 1;
    List<Kernel> kernels = new ArrayList<>();
    for (int bucket : BUCKETS) {
      kernels.add(Kernel.of(numbers[Math.min(bucket, NUMBERS - 1)], packed));
    }
    return kernels;
  }
}
