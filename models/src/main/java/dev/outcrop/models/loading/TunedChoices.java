package dev.outcrop.models.loading;

import dev.outcrop.models.torch.TunedKernels;
import java.util.List;

/**
 * The kernels of a model's linear layers and how long it took to choose them. What `models inspect`
 * prints.
 *
 * @param kernels a choice for each shape; none where nothing can be chosen
 * @param tuningSeconds that kernels were measured for; 0 where all were known
 */
public record TunedChoices(List<KernelChoice> kernels, double tuningSeconds) {
  private static final double NANOS = 1e9;

  static TunedChoices of(TunedKernels kernels) {
    return new TunedChoices(
        kernels.tables().stream().map(KernelChoice::of).toList(), kernels.nanos() / NANOS);
  }
}
