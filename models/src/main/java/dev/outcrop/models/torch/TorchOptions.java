package dev.outcrop.models.torch;

import java.util.List;

/**
 * How an engine is set up on this machine.
 *
 * @param type the type to compute in
 * @param kvTokens tokens of KV the arena holds, rounded up to whole units
 * @param threads threads of one operator, for the whole process; 0 leaves libtorch's choice
 * @param kernels what linear layers run on
 * @param weights how their weights are held
 * @param tuning how layouts and kernels of weights are chosen
 * @param devices where it runs, at least one; layers are split over several
 */
public record TorchOptions(
    ElementType type,
    int kvTokens,
    int threads,
    Kernels kernels,
    WeightFormat weights,
    Tuning tuning,
    List<TorchDevice> devices) {
  /** What linear layers run on. */
  public enum Kernels {
    /** oneDNN with weights in its own layout, or plain ones where it refuses the machine. */
    BEST,
    /** libtorch's plain ones, with weights as they are stored. */
    PLAIN
  }

  /** Checks the fields. */
  public TorchOptions {
    if (kvTokens < 1 || threads < 0) {
      throw new IllegalArgumentException("kvTokens must be positive and threads not negative");
    }
    devices = List.copyOf(devices);
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("an engine needs a device");
    }
  }

  /** Options for the processor. */
  public TorchOptions(
      ElementType type,
      int kvTokens,
      int threads,
      Kernels kernels,
      WeightFormat weights,
      Tuning tuning) {
    this(type, kvTokens, threads, kernels, weights, tuning, List.of(TorchDevice.CPU));
  }

  /** The same on other devices. */
  public TorchOptions on(List<TorchDevice> others) {
    return new TorchOptions(type, kvTokens, threads, kernels, weights, tuning, others);
  }

  /** The same with weights that are held in another way. */
  TorchOptions with(WeightFormat other) {
    return new TorchOptions(type, kvTokens, threads, kernels, other, tuning, devices);
  }

  /** Options with the best kernels. */
  public TorchOptions(ElementType type, int kvTokens, int threads) {
    this(type, kvTokens, threads, Kernels.BEST, WeightFormat.PLAIN, Tuning.OFF);
  }

  /** Options with quantised weights on kernels that are not measured. */
  TorchOptions(ElementType type, int kvTokens, int threads, WeightFormat weights) {
    this(type, kvTokens, threads, Kernels.BEST, weights, Tuning.OFF);
  }

  /** Options with other kernels. */
  TorchOptions(ElementType type, int kvTokens, int threads, Kernels kernels) {
    this(type, kvTokens, threads, kernels, WeightFormat.PLAIN, Tuning.OFF);
  }
}
