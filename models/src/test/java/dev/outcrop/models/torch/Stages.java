package dev.outcrop.models.torch;

import java.util.List;
import java.util.stream.IntStream;

/** Devices that are all the processor. */
final class Stages {
  private Stages() {}

  /** {@code cpu:0}, {@code cpu:1} and so on. */
  static List<TorchDevice> processors(int count) {
    return IntStream.range(0, count).mapToObj(index -> TorchDevice.parse("cpu:" + index)).toList();
  }
}
