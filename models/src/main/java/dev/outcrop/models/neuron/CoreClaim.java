package dev.outcrop.models.neuron;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The Neuron cores of this process, which one bundle has at a time: its program begins at the first
 * core that the process sees, whatever else runs there. From any thread.
 */
public final class CoreClaim implements AutoCloseable {
  private static final AtomicReference<@Nullable Path> HOLDER = new AtomicReference<>();

  private final Path folder;

  private CoreClaim(Path folder) {
    this.folder = folder;
  }

  /**
   * Takes the cores.
   *
   * @param folder the bundle that wants them
   * @throws OutcropException DEVICE_MISSING where another one has them
   */
  public static CoreClaim take(Path folder) {
    Path holder = HOLDER.compareAndExchange(null, folder);
    if (holder != null) {
      throw new OutcropException(
          ModelError.DEVICE_MISSING,
          "%s: the Neuron cores of this process are those of %s; serve it in a process of its own"
              .formatted(folder, holder));
    }
    return new CoreClaim(folder);
  }

  /** Leaves them to the next one. */
  @Override
  public void close() {
    HOLDER.compareAndSet(folder, null);
  }
}
