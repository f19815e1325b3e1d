package dev.outcrop.models.torch;

import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import dev.outcrop.models.weights.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * A tensor as it goes into a safetensors file: for checkpoints that are changed and written anew.
 */
record Part(String name, DType dtype, List<Long> shape, byte[] data) {
  /** All tensors of a folder. */
  static List<Part> of(Path folder) throws IOException {
    List<Part> parts = new ArrayList<>();
    for (StoredTensor tensor : Checkpoint.open(folder).tensors()) {
      byte[] file = Files.readAllBytes(tensor.file());
      int from = Math.toIntExact(tensor.offset());
      byte[] data = Arrays.copyOfRange(file, from, from + (int) tensor.bytes());
      parts.add(new Part(tensor.name(), tensor.dtype(), tensor.shape(), data));
    }
    return parts;
  }

  /** The same numbers in one row. */
  Part flat() {
    return new Part(name, dtype, List.of(shape.stream().reduce(1L, Math::multiplyExact), 1L), data);
  }

  /** Its numbers rounded to float16; bytes stay bytes. */
  Part inFloat16() {
    if (dtype != DType.F32 && dtype != DType.BF16) {
      return this;
    }
    ByteBuffer from = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer to =
        ByteBuffer.allocate(data.length / dtype.bytes() * 2).order(ByteOrder.LITTLE_ENDIAN);
    while (from.hasRemaining()) {
      float value =
          dtype == DType.F32 ? from.getFloat() : Float.intBitsToFloat(from.getShort() << 16);
      to.putShort(Float.floatToFloat16(value));
    }
    return new Part(name, DType.F16, shape, to.array());
  }

  /** The same shape full of zeros. */
  Part zero() {
    return new Part(name, dtype, shape, new byte[data.length]);
  }

  /** Writes a file. */
  static void write(Path to, List<Part> parts) throws IOException {
    List<Part> ordered = new ArrayList<>(parts); // wide types first, so that all are aligned
    ordered.sort(Comparator.comparingInt(part -> -part.dtype().bytes()));
    StringBuilder header = new StringBuilder("{");
    int end = 0;
    for (Part part : ordered) {
      header
          .append(end == 0 ? "" : ",")
          .append(
              "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                  .formatted(
                      part.name(), part.dtype(), part.shape(), end, end + part.data().length));
      end += part.data().length;
    }
    header.append('}').append(" ".repeat(Math.floorMod(-header.length(), 8)));
    ByteBuffer file = ByteBuffer.allocate(8 + header.length() + end).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length()).put(header.toString().getBytes(StandardCharsets.UTF_8));
    ordered.forEach(part -> file.put(part.data()));
    Files.write(to, file.array());
  }
}
