package dev.outcrop.models.loading;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.neuron.NeuronBundle;
import java.nio.file.Path;

/**
 * A decoder's folder whose headers were read, and no weight yet. Used by the thread that loads a
 * model.
 */
sealed interface ModelSource permits CheckpointSource, BundleSource {
  /** Looks at a folder: a bundle where it has a manifest, else a checkpoint. */
  static ModelSource of(Path folder, LoadOptions options) {
    return NeuronBundle.in(folder)
        ? BundleSource.of(folder, options)
        : CheckpointSource.of(folder, options);
  }

  /** Its config.json, ending where the longest sequence does. */
  DecoderConfig config();

  /** What it is. */
  ModelInfo info();

  /**
   * Makes its engine. Takes as long as reading the weights.
   *
   * @param heed asked again and again, by the thread that loads; what it throws ends the loading
   */
  Engine open(Runnable heed);
}
