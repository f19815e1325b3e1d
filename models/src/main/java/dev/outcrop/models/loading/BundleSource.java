package dev.outcrop.models.loading;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.neuron.BundleManifest;
import dev.outcrop.models.neuron.NeuronBundle;
import dev.outcrop.models.neuron.NeuronHost;
import dev.outcrop.models.torch.NeuronEngine;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Locale;

/** A bundle that was compiled ahead of time for Neuron. */
record BundleSource(Path folder, NeuronBundle bundle, LoadOptions options) implements ModelSource {
  /**
   * Opens a bundle.
   *
   * @throws OutcropException where it is unsound, or an option asks for what was decided when it
   *     was compiled
   */
  static BundleSource of(Path folder, LoadOptions options) {
    NeuronBundle bundle = NeuronBundle.open(folder).withMaxContext(options.maxContext());
    if (options.quantization() != Quantization.NONE) {
      throw decided(folder, "quantization", "none");
    }
    if (!options.devices().isEmpty()) {
      throw decided(folder, "devices", "left out");
    }
    boolean float32 = bundle.manifest().float32();
    boolean other =
        switch (options.dtype()) {
          case AUTO -> false;
          case FLOAT32 -> !float32;
          case BFLOAT16 -> float32;
        };
    if (other) {
      throw decided(folder, "dtype", float32 ? "auto or float32" : "auto or bfloat16");
    }
    return new BundleSource(folder, bundle, options);
  }

  private static OutcropException decided(Path folder, String option, String wanted) {
    return new OutcropException(
        ModelError.CHECKPOINT_UNSUPPORTED,
        "%s: is a compiled bundle, which decides this itself; %s must be %s"
            .formatted(folder, option, wanted));
  }

  @Override
  public DecoderConfig config() {
    return bundle.config();
  }

  @Override
  public ModelInfo info() {
    Inspection.Weights weights = weights(bundle);
    return ModelInfo.of(
        config(),
        folder,
        weights.parameters(),
        weights.checkpointBytes(),
        weights.storedDtype(),
        weights.computeDtype(),
        bundle.manifest().elementBytes());
  }

  /** Its weights; those that every rank has are counted for each. */
  static Inspection.Weights weights(NeuronBundle bundle) {
    String dtype = bundle.manifest().float32() ? "float32" : "bfloat16";
    return new Inspection.Weights(
        bundle.ranks().stream()
            .flatMap(rank -> rank.tensors().stream())
            .mapToLong(StoredTensor::elements)
            .sum(),
        bundle.weightBytes(),
        dtype,
        dtype,
        bundle.config().tiedEmbeddings(),
        bundle.weightBytes());
  }

  /** What it was compiled for. */
  static Inspection.Bundle described(BundleManifest manifest) {
    CompiledShapes shapes = manifest.shapes();
    return new Inspection.Bundle(
        manifest.backend().name().toLowerCase(Locale.ROOT),
        manifest.target(),
        manifest.ranks(),
        manifest.slots(),
        shapes.prefillTokens(),
        shapes.decodeRows(),
        shapes.contexts(),
        manifest.picksGreedy() ? "device" : "host",
        manifest.versions());
  }

  @Override
  public Engine open(Runnable heed) {
    return NeuronEngine.open(bundle, NeuronHost.here(), options.threads(), heed);
  }
}
