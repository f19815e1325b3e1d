package dev.outcrop.models.weights;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One safetensors file whose header was read and checked.
 *
 * @param file where it is
 * @param tensors its tensors, in the order of their data
 * @param metadata what the file says of itself; from anywhere, like the rest of it
 */
public record SafetensorsFile(Path file, List<StoredTensor> tensors, Map<String, String> metadata) {
  /** Copies both. */
  public SafetensorsFile {
    tensors = List.copyOf(tensors);
    metadata = Map.copyOf(metadata);
  }

  /**
   * Reads a header and nothing else; on any thread.
   *
   * @throws dev.outcrop.models.OutcropException CHECKPOINT_INVALID where there is no such file or
   *     it breaks the format
   */
  public static SafetensorsFile read(Path file) {
    return SafetensorsHeader.file(file);
  }

  /** Bytes of all tensors. */
  public long bytes() {
    return tensors.stream().mapToLong(StoredTensor::bytes).sum();
  }
}
