package dev.outcrop.models.weights;

import static dev.outcrop.models.files.CheckpointFile.invalid;
import static dev.outcrop.models.files.CheckpointFile.show;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.outcrop.models.files.CheckpointFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header of one safetensors file and nothing else. The file may come from anywhere: every
 * length is checked before it is used, and the tensors have to cover the data exactly, as the
 * format demands (https://github.com/huggingface/safetensors, "Format").
 */
final class SafetensorsHeader {
  private static final int PREFIX_BYTES = 8;
  private static final long MAX_HEADER_BYTES = 100_000_000;
  private static final int MAX_RANK = 8;
  private static final String METADATA = "__metadata__";

  private final Path file;
  private final long fileBytes;
  private final long dataStart;

  private SafetensorsHeader(Path file, long fileBytes, long dataStart) {
    this.file = file;
    this.fileBytes = fileBytes;
    this.dataStart = dataStart;
  }

  /** The tensors of a file in the order of their data. */
  static List<StoredTensor> read(Path file) {
    return file(file).tensors();
  }

  /** The same, and what the file says of itself. */
  static SafetensorsFile file(Path file) {
    if (!Files.isRegularFile(file)) {
      throw invalid(file, Files.exists(file) ? "is not a regular file" : "is missing");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < PREFIX_BYTES) {
        throw invalid(file, "has %d bytes, too short for a safetensors header".formatted(size));
      }
      // Unsigned in the format; what is negative here is far beyond any file.
      long length = fill(file, channel, 0, PREFIX_BYTES).getLong();
      if (length < 2 || length > MAX_HEADER_BYTES) {
        throw invalid(
            file,
            "says its header has %s bytes; from 2 to %d are allowed"
                .formatted(Long.toUnsignedString(length), MAX_HEADER_BYTES));
      }
      if (length > size - PREFIX_BYTES) {
        throw invalid(
            file,
            "is truncated: the header needs %d bytes, the file has %d"
                .formatted(PREFIX_BYTES + length, size));
      }
      byte[] json = fill(file, channel, PREFIX_BYTES, Math.toIntExact(length)).array();
      if (json[0] != '{') {
        throw invalid(file, "is not a safetensors file: the header does not start with '{'");
      }
      return new SafetensorsHeader(file, size, PREFIX_BYTES + length)
          .tensors(CheckpointFile.text(file, json));
    } catch (JsonProcessingException e) {
      throw CheckpointFile.badJson(file, e);
    } catch (IOException e) {
      throw CheckpointFile.unreadable(file, e);
    }
  }

  private static ByteBuffer fill(Path file, FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw invalid(file, "became shorter while it was read");
      }
    }
    return buffer.flip();
  }

  private SafetensorsFile tensors(String json) throws IOException {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    @Nullable Map<String, String> metadata = null;
    try (JsonParser parser = CheckpointFile.parser(json)) {
      expect(parser.nextToken(), JsonToken.START_OBJECT, "the header");
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        if (name.equals(METADATA)) {
          if (metadata != null) {
            throw invalid(file, "has two " + METADATA + " entries");
          }
          metadata = metadata(parser);
        } else if (tensors.put(name, tensor(name, parser)) != null) {
          throw invalid(file, "holds tensor '%s' twice".formatted(show(name)));
        }
      }
      if (parser.nextToken() != null) {
        throw invalid(file, "has text after the header's closing brace");
      }
    }
    List<StoredTensor> ordered = new ArrayList<>(tensors.values());
    ordered.sort(
        Comparator.comparingLong(StoredTensor::offset).thenComparingLong(StoredTensor::bytes));
    requireContiguous(ordered);
    return new SafetensorsFile(file, ordered, metadata == null ? Map.of() : metadata);
  }

  private Map<String, String> metadata(JsonParser parser) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    expect(parser.nextToken(), JsonToken.START_OBJECT, METADATA);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      expect(parser.nextToken(), JsonToken.VALUE_STRING, METADATA + "." + name);
      metadata.put(name, parser.getText());
    }
    return metadata;
  }

  private StoredTensor tensor(String name, JsonParser parser) throws IOException {
    String where = "tensor '" + show(name) + "'";
    expect(parser.nextToken(), JsonToken.START_OBJECT, where);
    @Nullable String dtype = null;
    @Nullable List<Long> shape = null;
    @Nullable List<Long> span = null;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (field) {
        case "dtype" -> {
          expect(value, JsonToken.VALUE_STRING, where + ".dtype");
          dtype = parser.getText();
        }
        case "shape" -> shape = longs(parser, where + ".shape", MAX_RANK);
        case "data_offsets" -> span = longs(parser, where + ".data_offsets", 2);
        // The format may grow fields; what they mean cannot change the three above.
        default -> parser.skipChildren();
      }
    }
    if (dtype == null || shape == null || span == null || span.size() != 2) {
      throw invalid(file, where + " needs dtype, shape and data_offsets [begin, end]");
    }
    DType type = DType.named(dtype);
    if (type == null) {
      throw invalid(file, where + " has the unknown dtype '" + show(dtype) + "'");
    }
    return placed(name, where, type, shape, span.get(0), span.get(1));
  }

  private StoredTensor placed(
      String name, String where, DType type, List<Long> shape, long begin, long end) {
    if (begin > end) {
      throw invalid(file, "%s has data_offsets [%d, %d]".formatted(where, begin, end));
    }
    if (end > fileBytes - dataStart) {
      throw invalid(
          file,
          "is truncated or hostile: %s ends at byte %s of the data, the file has %d"
              .formatted(where, end, fileBytes - dataStart));
    }
    long needed = bytesOf(where, type, shape);
    if (needed != end - begin) {
      throw invalid(
          file,
          "%s of dtype %s and shape %s needs %d bytes, its data_offsets span %d"
              .formatted(where, type, shape, needed, end - begin));
    }
    long offset = dataStart + begin;
    if (type.supported() && needed > 0 && offset % type.bytes() != 0) {
      throw invalid(
          file,
          "%s is misaligned: byte offset %d is not a multiple of %d; save the file again with a"
                  .formatted(where, offset, type.bytes())
              + " current safetensors");
    }
    return new StoredTensor(name, file, type, shape, offset, needed);
  }

  private long bytesOf(String where, DType type, List<Long> shape) {
    try {
      // Zero dimensions come last so that an overflow before them is still one.
      long elements = 1;
      for (long dimension : shape) {
        elements = Math.multiplyExact(elements, Math.max(dimension, 1));
      }
      long bits = Math.multiplyExact(elements, (long) type.bits());
      if (shape.contains(0L)) {
        return 0;
      }
      if (bits % Byte.SIZE != 0) {
        throw invalid(file, "%s of dtype %s does not fill whole bytes".formatted(where, type));
      }
      return bits / Byte.SIZE;
    } catch (ArithmeticException e) {
      throw invalid(file, "%s has the overflowing shape %s".formatted(where, shape));
    }
  }

  private void requireContiguous(List<StoredTensor> ordered) {
    long end = dataStart;
    for (StoredTensor tensor : ordered) {
      if (tensor.offset() != end) {
        throw invalid(
            file,
            "tensor '%s' %s: it begins at byte %d of the data, the tensors before it end at %d"
                .formatted(
                    show(tensor.name()),
                    tensor.offset() < end ? "overlaps another" : "leaves a hole before it",
                    tensor.offset() - dataStart,
                    end - dataStart));
      }
      end = tensor.offset() + tensor.bytes();
    }
    if (end != fileBytes) {
      throw invalid(file, "has %d bytes after its last tensor".formatted(fileBytes - end));
    }
  }

  private List<Long> longs(JsonParser parser, String where, int most) throws IOException {
    expect(parser.currentToken(), JsonToken.START_ARRAY, where);
    List<Long> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean integer = parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
      if (!integer
          || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          || parser.getLongValue() < 0) {
        throw invalid(file, where + " holds something else than an integer from 0 to 2^63-1");
      }
      if (values.size() == most) {
        throw invalid(file, "%s has more than %d entries".formatted(where, most));
      }
      values.add(parser.getLongValue());
    }
    return values;
  }

  private void expect(@Nullable JsonToken found, JsonToken wanted, String where) {
    if (found != wanted) {
      throw invalid(
          file,
          "%s is not %s"
              .formatted(
                  show(where),
                  switch (wanted) {
                    case START_OBJECT -> "an object";
                    case START_ARRAY -> "a list";
                    default -> "a string";
                  }));
    }
  }
}
