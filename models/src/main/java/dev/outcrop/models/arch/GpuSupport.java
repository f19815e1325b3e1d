package dev.outcrop.models.arch;

import java.util.ArrayList;
import java.util.List;

/**
 * What the program for GPUs has no kernel for, by config.json alone. Asked by whoever opens an
 * engine there and by whoever plans one, on any thread.
 */
public final class GpuSupport {
  private static final int HEAD_DIM_STEP = 8;
  private static final int MOST_HEAD_DIM = 256;

  private GpuSupport() {}

  /** What stands against a decoder on a GPU, in words; nothing where it can run there. */
  public static List<String> missing(DecoderConfig config) {
    Attention attention = config.attention();
    List<String> missing = new ArrayList<>();
    if (attention.softCap() != null) {
      missing.add("scores with a soft cap");
    }
    if (attention.sinks()) {
      missing.add("attention sinks");
    }
    if (attention.headDim() % HEAD_DIM_STEP != 0 || attention.headDim() > MOST_HEAD_DIM) {
      missing.add(
          "heads of %d dimensions (multiples of %d up to %d are)"
              .formatted(attention.headDim(), HEAD_DIM_STEP, MOST_HEAD_DIM));
    }
    if (config.packed() != null) {
      missing.add("weights that the checkpoint holds packed");
    }
    return missing;
  }
}
