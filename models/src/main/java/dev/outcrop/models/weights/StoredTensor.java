package dev.outcrop.models.weights;

import java.nio.file.Path;
import java.util.List;

/**
 * Where a tensor lies on disk. The engine maps the file and reinterprets the bytes; nothing is read
 * here.
 *
 * @param name its name in the checkpoint
 * @param file the safetensors file that holds it
 * @param dtype its element type
 * @param shape its dimensions, row-major; empty for a scalar
 * @param offset of its first byte from the start of the file; for supported types a multiple of the
 *     element's size
 * @param bytes its length in bytes
 */
public record StoredTensor(
    String name, Path file, DType dtype, List<Long> shape, long offset, long bytes) {
  /** Copies the shape. */
  public StoredTensor {
    shape = List.copyOf(shape);
  }

  /** Number of elements. */
  public long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }
}
