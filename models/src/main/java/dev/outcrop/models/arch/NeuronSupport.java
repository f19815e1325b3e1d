package dev.outcrop.models.arch;

import java.util.ArrayList;
import java.util.List;

/**
 * What the compile job for Neuron (models/neuron/compile.py) has no decoder for, by config.json
 * alone. Asked by whoever plans, on any thread.
 */
public final class NeuronSupport {
  private NeuronSupport() {}

  /** What stands against a decoder on Neuron, in words; nothing where it can be compiled. */
  public static List<String> missing(DecoderConfig config) {
    List<String> missing = new ArrayList<>();
    if (config.layers().stream().anyMatch(layer -> layer.mlp() instanceof Experts)) {
      missing.add("experts");
    }
    if (config.attention().latent() != null) {
      missing.add("latent attention");
    }
    if (config.attention().sinks()) {
      missing.add("attention sinks");
    }
    if (config.packed() != null) {
      missing.add("weights that the checkpoint holds packed");
    }
    return missing;
  }
}
