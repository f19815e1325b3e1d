package dev.outcrop.models.loading;

import dev.outcrop.models.torch.TorchDevice;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How a model is loaded.
 *
 * @param dtype the type to compute in
 * @param kvBytes memory for the KV arena, in bytes; taken at once and kept
 * @param maxContext the longest sequence to take, where that is shorter than the checkpoint's own;
 *     0 for the checkpoint's own
 * @param threads threads of one operator, for the whole process; 0 leaves the choice to libtorch
 * @param quantization how the weights of a decoder are held
 * @param tuning how layouts and kernels of weights are chosen
 * @param devices where a decoder runs, each {@code cpu}, {@code cpu:N}, {@code cuda} or {@code
 *     cuda:N}; layers are split over several, in this order; none for the processor
 */
public record LoadOptions(
    Dtype dtype,
    long kvBytes,
    int maxContext,
    int threads,
    Quantization quantization,
    KernelTuning tuning,
    List<String> devices) {
  /** The most threads of an operator. */
  public static final int MOST_THREADS = 4_096;

  /** The checkpoint's own type, 1 GiB of KV, libtorch's choice of threads. */
  public static final LoadOptions DEFAULT = new LoadOptions(Dtype.AUTO, 1L << 30, 0, 0);

  /** Options with weights that are not quantised. */
  public LoadOptions(Dtype dtype, long kvBytes, int maxContext, int threads) {
    this(dtype, kvBytes, maxContext, threads, Quantization.NONE, KernelTuning.usual());
  }

  /** Options for the processor. */
  public LoadOptions(
      Dtype dtype,
      long kvBytes,
      int maxContext,
      int threads,
      Quantization quantization,
      KernelTuning tuning) {
    this(dtype, kvBytes, maxContext, threads, quantization, tuning, List.of());
  }

  /** Checks the fields. */
  public LoadOptions {
    devices = List.copyOf(devices);
    if (!distinct(devices)) {
      throw new IllegalArgumentException("devices must be named once each, was " + devices);
    }
    if (kvBytes < 1 || maxContext < 0) {
      throw new IllegalArgumentException("kvBytes must be positive, maxContext not negative");
    }
    if (threads < 0 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "threads must be from 0 to %d, was %d".formatted(MOST_THREADS, threads));
    }
    if (quantization != Quantization.NONE && dtype == Dtype.FLOAT32) {
      throw new IllegalArgumentException(
          "quantization %s needs dtype bfloat16 or auto, was float32".formatted(quantization));
    }
  }

  /** The same on other devices. */
  public LoadOptions on(List<String> others) {
    return new LoadOptions(dtype, kvBytes, maxContext, threads, quantization, tuning, others);
  }

  /** Whether a device may be called so; whether there is one shows when a model is loaded. */
  public static boolean isDevice(String spelling) {
    return TorchDevice.spelt(spelling);
  }

  /** Whether each of them is named once; {@code cuda} and {@code cuda:0} are the same. */
  public static boolean distinct(List<String> devices) {
    return devices.stream().map(TorchDevice::parse).distinct().count() == devices.size();
  }

  /**
   * The GPUs among devices, each once and in one spelling: {@code cuda} and {@code cuda:0} are the
   * same.
   */
  public static Set<String> gpus(Collection<String> devices) {
    return devices.stream()
        .map(TorchDevice::parse)
        .filter(device -> device.kind() == TorchDevice.Kind.CUDA)
        .map(device -> "cuda:" + device.index())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The type to compute in, in view of the weights. */
  Dtype computed() {
    return quantization == Quantization.NONE ? dtype : Dtype.BFLOAT16;
  }

  /** The types a model can be computed in. */
  public enum Dtype {
    /** bfloat16 for checkpoints in bfloat16 or float16 and for quantised weights, else float32. */
    AUTO,
    /** Single precision. */
    FLOAT32,
    /** Half the bytes of single precision. */
    BFLOAT16
  }
}
