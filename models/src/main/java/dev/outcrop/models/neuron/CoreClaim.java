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

  /** What an earlier bundle was given; the runtime keeps it as long as the process lives. */
  private static final AtomicReference<@Nullable String> GIVEN = new AtomicReference<>();

  private final Path folder;

  private CoreClaim(Path folder) {
    this.folder = folder;
  }

  /**
   * Takes the cores.
   *
   * @param folder the bundle that wants them
   * @param cores those that it is given; null where the environment says which
   * @throws OutcropException DEVICE_MISSING where another one has them, or one before it was given
   *     others
   */
  public static CoreClaim take(Path folder, @Nullable String cores) {
    String given = cores == null ? null : GIVEN.compareAndExchange(null, cores);
    if (given != null && !given.equals(cores)) {
      throw new OutcropException(
          ModelError.DEVICE_MISSING,
          "%s: needs the Neuron cores %s, this process was given %s for a bundle before it; serve it in a process of its own"
              .formatted(folder, cores, given));
    }
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
