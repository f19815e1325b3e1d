package dev.outcrop.k8s;

import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The conclusions of the moment, for what tells them to Kubernetes: the KEDA scaler and the
 * external metrics API. Safe for any thread.
 */
public interface ScalingSource {
  /** The ids of the models that are watched. */
  Set<String> models();

  /**
   * The latest conclusion, or nothing where the model is not watched, its pods were not read yet,
   * or the last reading is too old to act on.
   */
  Optional<Scaling> latest(String model);

  /**
   * Tells a listener of each new conclusion of any model, on the thread that reached it; the
   * listener must not block.
   *
   * @return ends it
   */
  AutoCloseable listen(Consumer<Scaling> listener);
}
