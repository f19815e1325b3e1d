package dev.outcrop.models.loading;

import dev.outcrop.models.torch.Tuning;
import java.nio.file.Path;

/**
 * How the layout and the kernels of weights are chosen. Measuring takes up to two seconds of a
 * load; which kernel is the fastest depends on the processor, the shapes and the rows of a step.
 */
public sealed interface KernelTuning {
  /**
   * Measured once, and kept in a folder.
   *
   * @param folder made where it is missing; one that cannot be written keeps nothing
   */
  record Kept(Path folder) implements KernelTuning {}

  /** Measured at every load. */
  record Measured() implements KernelTuning {}

  /** Never measured: each kernel has a fixed range of rows. */
  record Fixed() implements KernelTuning {}

  /**
   * From a word of a file: {@code auto}, {@code measure}, {@code off}, or a folder.
   *
   * @throws IllegalArgumentException where it is empty
   */
  static KernelTuning of(String word) {
    return switch (word) {
      case "auto" -> usual();
      case "measure" -> new Measured();
      case "off" -> new Fixed();
      case String folder when folder.isBlank() ->
          throw new IllegalArgumentException(
              "kernel-tuning must be auto, measure, off or a folder, was empty");
      default -> new Kept(Path.of(word));
    };
  }

  /**
   * Measured once, and kept in {@code outcrop} in the user's cache folder, as the XDG base
   * directory specification has it.
   */
  static KernelTuning usual() {
    String folder = System.getenv("XDG_CACHE_HOME");
    Path caches =
        folder != null && Path.of(folder).isAbsolute()
            ? Path.of(folder)
            : Path.of(System.getProperty("user.home", "/tmp"), ".cache");
    return new Kept(caches.resolve("outcrop"));
  }

  /** What the engine makes of it. */
  default Tuning torch() {
    return switch (this) {
      case Kept(Path folder) -> new Tuning(true, folder);
      case Measured() -> new Tuning(true, null);
      case Fixed() -> Tuning.OFF;
    };
  }
}
