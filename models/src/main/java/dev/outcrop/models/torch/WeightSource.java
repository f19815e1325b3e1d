package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/** The files of one checkpoint, as a decoder program knows them. */
final class WeightSource {
  private static final String MODEL = "model.";

  private final TorchProgram program;
  private final Checkpoint checkpoint;
  private final List<Path> files;
  private final Set<String> used = new HashSet<>();

  WeightSource(TorchProgram program, Checkpoint checkpoint) {
    this.program = program;
    this.checkpoint = checkpoint;
    this.files = checkpoint.files();
  }

  /** A model that was saved without its head has no "model." before its names. */
  StoredTensor require(String name, long... shape) {
    String bare = name.startsWith(MODEL) ? name.substring(MODEL.length()) : name;
    String stored = checkpoint.find(name) == null && checkpoint.find(bare) != null ? bare : name;
    used.add(stored);
    return checkpoint.require(stored, shape);
  }

  /** Whether the model was saved without its output head, as embedding models are. */
  boolean headless() {
    return checkpoint.find("lm_head.weight") == null && checkpoint.find("norm.weight") != null;
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
    for (Path file : files) {
      program.run("map_file", IValue.from(file.toString()), IValue.from(file.toFile().length()));
    }
  }

  void vector(String kind, StoredTensor... parts) {
    load("load_vector", kind, Arrays.stream(parts).map(this::whole).toArray(IValue[]::new));
  }

  void linear(String kind, StoredTensor... parts) {
    load("load_linear", kind, Arrays.stream(parts).map(this::whole).toArray(IValue[]::new));
  }

  /** Runs a method with tensors and closes them. */
  void load(String method, String kind, IValue... parts) {
    IValue list = IValue.listFrom(parts);
    for (IValue part : parts) {
      part.close();
    }
    program.run(method, IValue.from(kind), list);
  }

  /** As {@code stored} in weights.torchscript wants it. */
  IValue whole(StoredTensor tensor) {
    return rows(tensor, 0, tensor.shape().getFirst());
  }

  /** Some rows of a tensor. */
  IValue rows(StoredTensor tensor, long first, long count) {
    long rowSize = tensor.shape().stream().skip(1).reduce(1L, Math::multiplyExact);
    LongStream head =
        LongStream.of(
            files.indexOf(tensor.file()),
            scalarType(tensor.dtype()),
            tensor.offset() / tensor.dtype().bytes() + first * rowSize,
            count);
    LongStream rest = tensor.shape().stream().skip(1).mapToLong(Long::longValue);
    return IValue.listFrom(LongStream.concat(head, rest).toArray());
  }

  private static int scalarType(DType dtype) {
    return switch (dtype) {
      case F32 -> 6;
      case F16 -> 5;
      case BF16 -> 15;
      case U8 -> 0;
      default -> throw new IllegalArgumentException("no tensors of " + dtype);
    };
  }
}
