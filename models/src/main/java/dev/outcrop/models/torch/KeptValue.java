package dev.outcrop.models.torch;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import java.util.List;

/**
 * What a program returned and what stays inside libtorch, so that it may be of any type. Closed by
 * who asked for it, before the program.
 */
record KeptValue(Handle<IValue> handle, PtNDManager manager) implements AutoCloseable {
  /** What a tuple consists of, each to be closed by the caller. */
  List<KeptValue> parts() {
    return Arrays.stream(handle.resource().toIValueTuple())
        .map(part -> new KeptValue(new Handle<>(part), manager))
        .toList();
  }

  /** The dimensions of a tensor. */
  long[] shape() {
    try (Handle<PtNDArray> array = array()) {
      return array.resource().getShape().getShape();
    }
  }

  /** Whether a tensor has numbers of a type. */
  boolean holds(DataType type) {
    try (Handle<PtNDArray> array = array()) {
      return array.resource().getDataType() == type;
    }
  }

  /** The numbers of a tensor of int32. */
  int[] integers() {
    try (Handle<PtNDArray> array = array()) {
      return array.resource().toIntArray();
    }
  }

  private Handle<PtNDArray> array() {
    return new Handle<>(handle.resource().toTensor(manager));
  }

  @Override
  public void close() {
    handle.close();
  }
}
