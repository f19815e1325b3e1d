package dev.outcrop.models.loading;

import java.util.List;

/**
 * How an engine is set up on this machine.
 *
 * @param type the type to compute in
 * @param kvTokens tokens of KV the arena holds, rounded up to whole units; see {@link
 *     EngineLoader#kvTokens} to get them from bytes
 * @param threads threads that one operator may use, for the whole process; 0 leaves the choice to
 *     libtorch
 * @param quantization how weights are held; the type to compute in has to be bfloat16 where they
 *     are quantised
 * @param tuning how the kernels of quantised weights are chosen
 * @param devices where it runs, see {@link LoadOptions#devices}
 */
public record EngineOptions(
    ComputeType type,
    int kvTokens,
    int threads,
    Quantization quantization,
    KernelTuning tuning,
    List<String> devices) {
  /** Options for the processor. */
  public EngineOptions(
      ComputeType type, int kvTokens, int threads, Quantization quantization, KernelTuning tuning) {
    this(type, kvTokens, threads, quantization, tuning, List.of());
  }

  /** Options with weights in the type to compute in. */
  public EngineOptions(ComputeType type, int kvTokens, int threads) {
    this(type, kvTokens, threads, Quantization.NONE, KernelTuning.usual());
  }

  /** Checks the fields. */
  public EngineOptions {
    devices = List.copyOf(devices);
    if (kvTokens < 1) {
      throw new IllegalArgumentException("engine.kvTokens has to be positive");
    }
    if (threads < 0) {
      throw new IllegalArgumentException("engine.threads must not be negative");
    }
    if (quantization != Quantization.NONE && type != ComputeType.BFLOAT16) {
      throw new IllegalArgumentException("quantised weights are computed in bfloat16");
    }
  }
}
