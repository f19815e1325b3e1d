package dev.outcrop.models.torch;

import dev.outcrop.models.arch.DecoderConfig;

/**
 * Neighbouring layers of a decoder that one program holds on one device. The first stage has the
 * embedding too; the last one the last norm, the head and what chooses tokens.
 *
 * @param from its first layer
 * @param to one more than its last layer
 * @param layers layers of the model
 * @param device where it runs
 */
record Stage(int from, int to, int layers, TorchDevice device) {
  Stage {
    if (from < 0 || to <= from || to > layers) {
      throw new IllegalArgumentException(
          "no stage from layer %d to %d of %d".formatted(from, to, layers));
    }
  }

  /** The whole model on the processor. */
  static Stage whole(DecoderConfig config) {
    return new Stage(0, config.layers().size(), config.layers().size(), TorchDevice.CPU);
  }

  /** Layers that it has. */
  int count() {
    return to - from;
  }

  /** Whether it begins with the tokens. */
  boolean first() {
    return from == 0;
  }

  /** Whether it ends with the next tokens. */
  boolean last() {
    return to == layers;
  }
}
