package dev.outcrop.models.weights;

import static dev.outcrop.models.files.CheckpointFile.invalid;
import static dev.outcrop.models.files.CheckpointFile.show;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.files.CheckpointFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a Hugging Face checkpoint folder: one {@code model.safetensors}, or shards under
 * an index. Opening reads headers only and checks them completely, so that whoever maps the files
 * afterwards can trust every offset. Immutable; called while a model loads.
 *
 * <p>Every error is {@link ModelError#CHECKPOINT_INVALID} or {@link
 * ModelError#CHECKPOINT_UNSUPPORTED} and names the file and the tensor.
 */
public final class Checkpoint {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path source;
  private final SortedMap<String, StoredTensor> tensors;

  private Checkpoint(Path source, SortedMap<String, StoredTensor> tensors) {
    this.source = source;
    this.tensors = tensors;
  }

  /** Opens a folder; a single file is preferred over an index, as transformers does. */
  public static Checkpoint open(Path folder) {
    Path single = folder.resolve(SINGLE);
    if (Files.exists(single)) {
      TreeMap<String, StoredTensor> tensors = new TreeMap<>();
      SafetensorsHeader.read(single).forEach(tensor -> tensors.put(tensor.name(), tensor));
      return new Checkpoint(single, tensors);
    }
    Path index = folder.resolve(INDEX);
    if (Files.exists(index)) {
      return sharded(folder, index);
    }
    throw invalid(folder, "holds neither %s nor %s%s".formatted(SINGLE, INDEX, others(folder)));
  }

  private static Checkpoint sharded(Path folder, Path index) {
    Map<String, String> shardOf = ShardIndex.read(index);
    TreeMap<String, StoredTensor> tensors = new TreeMap<>();
    for (String shard : new TreeSet<>(shardOf.values())) {
      Path file = folder.resolve(shard);
      if (!Files.exists(file)) {
        throw invalid(index, "names shard '%s', which is missing".formatted(show(shard)));
      }
      for (StoredTensor tensor : SafetensorsHeader.read(file)) {
        StoredTensor other = tensors.put(tensor.name(), tensor);
        if (other != null) {
          throw invalid(
              file,
              "holds tensor '%s', and so does %s"
                  .formatted(show(tensor.name()), other.file().getFileName()));
        }
      }
    }
    shardOf.forEach(
        (name, shard) -> {
          StoredTensor tensor = tensors.get(name);
          if (tensor == null || !tensor.file().equals(folder.resolve(shard))) {
            throw invalid(
                index,
                "puts tensor '%s' into '%s', which does not hold it"
                    .formatted(show(name), show(shard)));
          }
        });
    return new Checkpoint(index, tensors);
  }

  private static String others(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.map(Path::toString).toList();
      if (names.stream().anyMatch(name -> name.endsWith(".gguf"))) {
        return "; GGUF files are not read, take the checkpoint in safetensors";
      }
      return names.stream().anyMatch(name -> name.matches(".*\\.(bin|pt|pth)"))
          ? "; PyTorch pickles are never read, convert them to safetensors"
          : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** The file that was opened: the single file or the index. */
  public Path source() {
    return source;
  }

  /** All tensors by name. */
  public Collection<StoredTensor> tensors() {
    return List.copyOf(tensors.values());
  }

  /** The safetensors files, in the order of their names. */
  public List<Path> files() {
    return tensors.values().stream().map(StoredTensor::file).distinct().sorted().toList();
  }

  /** Bytes of all tensors. */
  public long bytes() {
    return tensors.values().stream().mapToLong(StoredTensor::bytes).sum();
  }

  /** A tensor, or null where there is none of that name. */
  public @Nullable StoredTensor find(String name) {
    return tensors.get(name);
  }

  /** A tensor that has to be there, in a type the engine reads and with exactly this shape. */
  public StoredTensor require(String name, long... shape) {
    StoredTensor tensor = present(name);
    if (!tensor.dtype().supported()) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "%s: tensor '%s' has dtype %s; F32, F16 and BF16 are supported"
              .formatted(tensor.file(), name, tensor.dtype()));
    }
    return shaped(tensor, shape);
  }

  /** A tensor of bytes that has to be there, with exactly this shape. */
  public StoredTensor requireBytes(String name, long... shape) {
    StoredTensor tensor = present(name);
    if (tensor.dtype() != DType.U8) {
      throw invalid(
          tensor.file(), "tensor '%s' has dtype %s, must be U8".formatted(name, tensor.dtype()));
    }
    return shaped(tensor, shape);
  }

  /** A tensor of int32 that has to be there, with exactly this shape. */
  public StoredTensor requireIntegers(String name, long... shape) {
    StoredTensor tensor = present(name);
    if (tensor.dtype() != DType.I32) {
      throw invalid(
          tensor.file(), "tensor '%s' has dtype %s, must be I32".formatted(name, tensor.dtype()));
    }
    return shaped(tensor, shape);
  }

  private StoredTensor present(String name) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw invalid(source, "tensor '%s' is missing".formatted(name));
    }
    return tensor;
  }

  private static StoredTensor shaped(StoredTensor tensor, long... shape) {
    if (!tensor.shape().equals(Arrays.stream(shape).boxed().toList())) {
      throw invalid(
          tensor.file(),
          "tensor '%s' has shape %s, config.json wants %s"
              .formatted(tensor.name(), tensor.shape(), Arrays.toString(shape)));
    }
    return tensor;
  }

  /**
   * Names of tensors that nobody asked for, for a warning. Buffers that old checkpoints carry and
   * every loader computes anew are left out.
   *
   * @param used the names that were used
   */
  public List<String> unexpected(Set<String> used) {
    return tensors.keySet().stream()
        .filter(name -> !used.contains(name) && !name.endsWith("rotary_emb.inv_freq"))
        .toList();
  }

  /**
   * Copies a tensor out of its file as float32, for tests and for tensors that are small. The
   * engine maps instead.
   */
  public static float[] read(StoredTensor tensor) {
    if (!tensor.dtype().supported() || tensor.bytes() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException("not readable as floats: " + tensor);
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(tensor.file(), StandardOpenOption.READ)) {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, tensor.offset() + bytes.position()) < 0) {
          throw invalid(tensor.file(), "became shorter after it was opened");
        }
      }
    } catch (IOException e) {
      throw CheckpointFile.unreadable(tensor.file(), e);
    }
    bytes.flip();
    float[] values = new float[(int) tensor.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.dtype()) {
            case F32 -> bytes.getFloat();
            case F16 -> Float.float16ToFloat(bytes.getShort());
            default -> Float.intBitsToFloat(bytes.getShort() << 16);
          };
    }
    return values;
  }
}
