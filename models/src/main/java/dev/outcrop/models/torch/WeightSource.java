package dev.outcrop.models.torch;

import dev.outcrop.models.arch.PackedWeights;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The files of one checkpoint, as a program knows them that takes its weights from them. Without a
 * program nothing is read: what loading would ask for is only looked up.
 */
final class WeightSource {
  private static final String MODEL = "model.";

  private final @Nullable WeightCalls calls;
  private final Checkpoint checkpoint;
  private final @Nullable PackedWeights packed;
  private final Runnable heed;
  private final List<Path> files;
  private final Set<String> used = new HashSet<>();
  private final Map<List<Integer>, WeightShape> shapes = new LinkedHashMap<>();

  WeightSource(
      @Nullable TorchProgram program, Checkpoint checkpoint, @Nullable PackedWeights packed) {
    this(program, checkpoint, packed, () -> {});
  }

  /** A source whose calls are taken by another than a program. */
  static WeightSource into(
      WeightCalls calls, Checkpoint checkpoint, @Nullable PackedWeights packed) {
    return new WeightSource(calls, checkpoint, packed, () -> {});
  }

  /**
   * A source that may dry up.
   *
   * @param heed is run before anything is read, again and again; what it throws ends the loading
   */
  WeightSource(
      @Nullable TorchProgram program,
      Checkpoint checkpoint,
      @Nullable PackedWeights packed,
      Runnable heed) {
    this(program == null ? null : WeightCalls.of(program), checkpoint, packed, heed);
  }

  private WeightSource(
      @Nullable WeightCalls calls,
      Checkpoint checkpoint,
      @Nullable PackedWeights packed,
      Runnable heed) {
    this.calls = calls;
    this.checkpoint = checkpoint;
    this.packed = packed;
    this.heed = heed;
    this.files = checkpoint.files();
  }

  boolean has(String name) {
    return checkpoint.find(name) != null;
  }

  /** A model that was saved without its head has no "model." before its names. */
  StoredTensor require(String name, long... shape) {
    String bare = name.startsWith(MODEL) ? name.substring(MODEL.length()) : name;
    String stored = !has(name) && has(bare) ? bare : name;
    if (packed != null && shape.length == 2 && !has(stored)) {
      String number = PackedTensors.qweight(stored);
      if (has(number)) {
        return PackedTensors.numbers(checkpoint, number, packed, shape[0], shape[1]);
      }
    }
    used.add(stored);
    return checkpoint.require(stored, shape);
  }

  /** Whether the model was saved without its output head, as embedding models are. */
  boolean headless() {
    return !has("lm_head.weight") && has("norm.weight");
  }

  StoredTensor requireBytes(String name, long... shape) {
    used.add(name);
    return checkpoint.requireBytes(name, shape);
  }

  /** Says that a tensor is of no use, but not unexpected. */
  void ignore(String name) {
    used.add(name);
  }

  /** Names of tensors that nobody asked for. */
  List<String> unexpected() {
    return checkpoint.unexpected(used);
  }

  /** Maps the files. */
  void map() {
    if (calls == null) {
      return;
    }
    heed.run();
    for (Path file : files) {
      calls.call("map_file", file.toString(), file.toFile().length());
    }
  }

  void vector(String kind, StoredTensor... parts) {
    load("load_vector", kind, Arrays.stream(parts).map(this::whole).toArray(long[][]::new));
  }

  void linear(String kind, StoredTensor... parts) {
    if (packed != null && Arrays.stream(parts).anyMatch(PackedTensors::holds)) {
      packed(kind, packed, parts);
      return;
    }
    note(parts);
    load("load_linear", kind, Arrays.stream(parts).map(this::whole).toArray(long[][]::new));
  }

  private void packed(String kind, PackedWeights packed, StoredTensor... parts) {
    PackedTensors tensors = PackedTensors.of(checkpoint, packed, parts);
    tensors.all().forEach(tensor -> used.add(tensor.name()));
    load(
        tensors.ordered() ? "load_ordered" : "load_packed",
        kind,
        tensors.all().stream().map(this::whole).toArray(long[][]::new));
  }

  /** Some rows of a matrix as a layer of their own. */
  void linearRows(String kind, StoredTensor matrix, long first, long count) {
    note(Math.toIntExact(count), matrix);
    load("load_linear", kind, rows(matrix, first, count));
  }

  void expert(String kind, StoredTensor weight) {
    note(weight);
    load("load_expert", kind, whole(weight));
  }

  private void note(StoredTensor... parts) {
    long rows = Arrays.stream(parts).mapToLong(part -> part.shape().getFirst()).sum();
    note(Math.toIntExact(rows), parts[0]);
  }

  private void note(int rows, StoredTensor part) {
    List<Integer> shape = List.of(rows, Math.toIntExact(part.shape().getLast()));
    WeightShape none = new WeightShape(shape.getFirst(), shape.getLast(), 0);
    shapes.put(shape, shapes.getOrDefault(shape, none).more());
  }

  /** The shapes of the linear layers so far. */
  List<WeightShape> shapes() {
    return List.copyOf(shapes.values());
  }

  /** Runs a method with a list of tensors, each as {@link #whole} or {@link #rows} tell it. */
  void load(String method, String kind, long[]... parts) {
    if (calls != null) {
      heed.run();
      calls.call(method, kind, List.of(parts));
    }
  }

  /** Runs a method with some tensors, each as {@link #whole} or {@link #rows} tell it. */
  void run(String method, long[]... parts) {
    if (calls != null) {
      heed.run();
      calls.call(method, (Object[]) parts);
    }
  }

  /** As {@code stored} in weights.torchscript wants it. */
  long[] whole(StoredTensor tensor) {
    return rows(tensor, 0, tensor.shape().getFirst());
  }

  /** Some rows of a tensor. */
  long[] rows(StoredTensor tensor, long first, long count) {
    long rowSize = tensor.shape().stream().skip(1).reduce(1L, Math::multiplyExact);
    LongStream head =
        LongStream.of(
            files.indexOf(tensor.file()),
            scalarType(tensor.dtype()),
            tensor.offset() / tensor.dtype().bytes() + first * rowSize,
            count);
    LongStream rest = tensor.shape().stream().skip(1).mapToLong(Long::longValue);
    return LongStream.concat(head, rest).toArray();
  }

  static int scalarType(DType dtype) {
    return switch (dtype) {
      case F32 -> 6;
      case F16 -> 5;
      case BF16 -> 15;
      case U8 -> 0;
      case I32 -> 3;
      default -> throw new IllegalArgumentException("no tensors of " + dtype);
    };
  }
}
