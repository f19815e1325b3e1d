package dev.outcrop.models.torch;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Whether kernels are measured while a model loads.
 *
 * @param enabled whether they are; else each has a fixed range of rows
 * @param cache the folder that keeps what was measured, null to measure at every load
 */
public record Tuning(boolean enabled, @Nullable Path cache) {
  /** Nothing is measured. */
  public static final Tuning OFF = new Tuning(false, null);
}
