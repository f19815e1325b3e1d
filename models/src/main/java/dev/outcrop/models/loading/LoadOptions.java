package dev.outcrop.models.loading;

/**
 * How a model is loaded.
 *
 * @param dtype the type to compute in
 * @param kvBytes memory for the KV arena, in bytes; taken at once and kept
 * @param maxContext the longest sequence to take, where that is shorter than the checkpoint's own;
 *     0 for the checkpoint's own
 * @param threads threads of one operator, for the whole process; 0 leaves the choice to libtorch
 */
public record LoadOptions(Dtype dtype, long kvBytes, int maxContext, int threads) {
  /** The checkpoint's own type, 1 GiB of KV, libtorch's choice of threads. */
  public static final LoadOptions DEFAULT = new LoadOptions(Dtype.AUTO, 1L << 30, 0, 0);

  /** Checks the fields. */
  public LoadOptions {
    if (kvBytes < 1 || maxContext < 0 || threads < 0) {
      throw new IllegalArgumentException(
          "kvBytes must be positive, maxContext and threads not negative");
    }
  }

  /** The types a model can be computed in. */
  public enum Dtype {
    /** bfloat16 for checkpoints in bfloat16 or float16, else float32. */
    AUTO,
    /** Single precision. */
    FLOAT32,
    /** Half the bytes of single precision. */
    BFLOAT16
  }
}
