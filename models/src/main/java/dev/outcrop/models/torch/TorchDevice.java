package dev.outcrop.models.torch;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A device that a program of a model runs on.
 *
 * @param kind what it is
 * @param index which of its kind; processors are all the same memory, so that theirs only tells the
 *     stages of a model apart
 */
public record TorchDevice(Kind kind, int index) {
  /** The processor. */
  public static final TorchDevice CPU = new TorchDevice(Kind.CPU, 0);

  private static final Pattern SPELLING = Pattern.compile("(cpu|cuda)(?::(\\d{1,3}))?");

  /** What a device is. */
  public enum Kind {
    /** The processor. */
    CPU,
    /** A GPU of NVIDIA. */
    CUDA,
    /**
     * The processor with the program for GPUs, whose attention kernel is stood in for; for tests.
     */
    CUDA_ON_CPU,
    /** The same where tensors have shapes and no numbers; for tests. */
    CUDA_ON_META
  }

  /** Whether {@link #parse} can read it. */
  public static boolean spelt(String spelling) {
    return SPELLING.matcher(spelling).matches();
  }

  /** Reads what config files say: {@code cpu}, {@code cpu:1}, {@code cuda}, {@code cuda:7}. */
  public static TorchDevice parse(String spelling) {
    Matcher matcher = SPELLING.matcher(spelling);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("a device is cpu, cpu:N, cuda or cuda:N");
    }
    Kind kind = matcher.group(1).equals("cpu") ? Kind.CPU : Kind.CUDA;
    String index = matcher.group(2);
    return new TorchDevice(kind, index == null ? 0 : Integer.parseInt(index));
  }

  /** As libtorch spells it; to libtorch there is one processor. */
  String text() {
    return switch (kind) {
      case CPU -> "cpu";
      case CUDA -> "cuda:" + index;
      case CUDA_ON_CPU -> "cpu";
      case CUDA_ON_META -> "meta";
    };
  }

  /** Whether it runs the program for GPUs. */
  boolean cuda() {
    return kind != Kind.CPU;
  }

  /** Whether the kernels that only GPUs have are stood in for. */
  boolean standIn() {
    return cuda() && kind != Kind.CUDA;
  }
}
