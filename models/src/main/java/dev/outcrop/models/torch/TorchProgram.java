package dev.outcrop.models.torch;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TorchScript program in libtorch, and the only place that touches DJL's natives. Every handle
 * that crosses is closed here. Used by one thread at a time.
 *
 * <p>Only int64, int32 and float32 tensors, integers, numbers, strings and lists of these may
 * cross: DJL aborts the process on bfloat16 and int16 arrays.
 */
final class TorchProgram implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TorchProgram.class);

  /** Held because a collected model would close the block under us. */
  private final Model model;

  private final PtNDManager manager;
  private final PtSymbolBlock block;

  /**
   * Arguments of the next call, and arrays that became some. A tensor made from a Java array does
   * not own its memory: DJL's array object does, so it stays open until the call is over.
   */
  private final List<Handle<?>> inputs = new ArrayList<>();

  static {
    LargePages.ask();
  }

  private @Nullable Thread prepared;

  private TorchProgram(Model model, PtSymbolBlock block) {
    this.model = model;
    this.block = block;
    this.manager = (PtNDManager) model.getNDManager();
  }

  /** Compiles a program; errors of the text come out here. */
  static TorchProgram load(String text) {
    return load("program", model -> model.load(new ByteArrayInputStream(TorchArchive.write(text))));
  }

  /**
   * Reads a program that was compiled ahead of time; what it was compiled for has to be in this
   * libtorch, which opens the file itself: read by us, it would be in memory twice.
   */
  static TorchProgram read(Path file) {
    return load(
        "compiled program",
        model -> model.load(file.toAbsolutePath().getParent(), String.valueOf(file.getFileName())));
  }

  private static TorchProgram load(String what, Source source) {
    libtorch();
    Model model = Model.newInstance(what, Device.cpu(), "PyTorch");
    try {
      source.load(model);
      return new TorchProgram(model, (PtSymbolBlock) model.getBlock());
    } catch (IOException e) {
      model.close();
      throw new UncheckedIOException(e);
    } catch (MalformedModelException | RuntimeException e) {
      model.close();
      throw new IllegalStateException("libtorch refused the " + what, e);
    }
  }

  /** Where a program comes from. */
  private interface Source {
    void load(Model model) throws IOException, MalformedModelException;
  }

  /** Compiles a program and calls its probe; where that fails, this libtorch cannot run it. */
  static TorchProgram probed(String text) {
    TorchProgram program = load(text);
    try {
      program.run("probe");
      return program;
    } catch (RuntimeException e) {
      program.close();
      throw e;
    }
  }

  /**
   * Begins to load libtorch itself, on a thread of its own: a second or so, which the files of a
   * model can be read in. Where that fails, the first program says why.
   */
  static CompletableFuture<Void> begin() {
    return CompletableFuture.runAsync(
        () -> {
          try {
            libtorch();
          } catch (RuntimeException e) {
            log.debug("libtorch cannot be loaded", e);
          }
        },
        task -> Thread.ofPlatform().name("libtorch-loading").daemon().start(task));
  }

  /** Threads that one operator may use, for the whole process. */
  static void threads(int count) {
    libtorch(); // the call below does not load it
    JniUtils.setNumThreads(count);
  }

  /** Threads that one operator uses which this thread calls. */
  static int threads() {
    libtorch();
    return JniUtils.getNumThreads();
  }

  /**
   * The version of libtorch.
   *
   * @throws OutcropException DEVICE_MISSING where it does not load, with the first reason
   */
  static String version() {
    return libtorch().getVersion();
  }

  private static Engine libtorch() {
    try {
      return Engine.getEngine("PyTorch");
    } catch (RuntimeException | LinkageError e) {
      throw unloadable(e);
    }
  }

  static OutcropException unloadable(Throwable cause) {
    Throwable first = cause;
    while (first.getCause() != null) {
      first = first.getCause();
    }
    return new OutcropException(
        ModelError.DEVICE_MISSING,
        ("libtorch cannot be loaded (%s); where another one than ours is wanted, PYTORCH_VERSION,"
                + " PYTORCH_FLAVOR and PYTORCH_LIBRARY_PATH have to name it, all three")
            .formatted(first.getMessage()),
        cause);
  }

  /** A tensor for the next {@link #call}, which closes it. */
  IValue longs(long[] values, long... shape) {
    return input((PtNDArray) manager.create(values, new Shape(shape)));
  }

  /**
   * A tensor of int32 for the next {@link #call}, which closes it; it reads the buffer in place.
   *
   * @param values a direct buffer in native order that keeps its contents until the call is over
   */
  IValue integers(ByteBuffer values, int count) {
    return input(manager.create(values, new Shape(count), DataType.INT32));
  }

  /** The same of the buffer's beginning, to be put into a {@link #list}. */
  PtNDArray array(ByteBuffer values, long... shape) {
    Shape dimensions = new Shape(shape);
    // DJL sets the limit of what it is given.
    ByteBuffer part = values.slice(0, Math.toIntExact(Integer.BYTES * dimensions.size()));
    PtNDArray array =
        manager.create(part.order(ByteOrder.nativeOrder()), dimensions, DataType.INT32);
    inputs.add(new Handle<>(array));
    return array;
  }

  /** Arguments of the next {@link #call} that {@link #array} made, as one list. */
  IValue list(PtNDArray... arrays) {
    return IValue.listFrom(arrays);
  }

  /** Runs a method and drops its result. */
  void run(String method, IValue... arguments) {
    result(method, arguments).close();
  }

  /** Runs a method and leaves what it returns inside libtorch; the caller closes it. */
  KeptValue keep(String method, IValue... arguments) {
    return new KeptValue(result(method, arguments), manager);
  }

  /**
   * An argument of the next {@link #call}, which reads what another program returned and leaves it
   * to its owner.
   */
  IValue share(KeptValue value) {
    return input(value.handle().resource().toTensor(manager));
  }

  /** Runs a method with a tensor of another program, which must not be used afterwards. */
  void give(String method, KeptValue tensor) {
    run(method, tensor.handle().resource());
  }

  /** Runs a method that returns a tensor of int64. */
  long[] runLongs(String method, IValue... arguments) {
    try (Handle<IValue> result = result(method, arguments);
        Handle<PtNDArray> array = new Handle<>(result.resource().toTensor(manager))) {
      return array.resource().toLongArray();
    }
  }

  /** Runs a method that returns a tensor of float32. */
  float[] runFloats(String method, IValue... arguments) {
    try (Handle<IValue> result = result(method, arguments);
        Handle<PtNDArray> array = new Handle<>(result.resource().toTensor(manager))) {
      return array.resource().toFloatArray();
    }
  }

  /** A float32 tensor for the next {@link #call}, which closes it. */
  IValue floats(float[] values, long... shape) {
    return input((PtNDArray) manager.create(values, new Shape(shape)));
  }

  private IValue input(PtNDArray array) {
    inputs.add(new Handle<>(array));
    IValue value = IValue.from(array);
    inputs.add(new Handle<>(value));
    return value;
  }

  /** Runs a method that returns a list of tensors of int64 or float32. */
  Tensors runTensors(String method, IValue... arguments) {
    try (Handle<IValue> result = result(method, arguments)) {
      return tensors(result.resource());
    }
  }

  /** The tensors of a list that a method returned, copied out; the caller closes the list. */
  Tensors tensors(IValue list) {
    List<Handle<PtNDArray>> arrays =
        Arrays.stream(list.toTensorArray(manager)).map(Handle::new).toList();
    try {
      List<Object> contents = new ArrayList<>();
      for (Handle<PtNDArray> each : arrays) {
        PtNDArray array = each.resource();
        contents.add(
            array.getDataType() == DataType.INT64 ? array.toLongArray() : array.toFloatArray());
      }
      return new Tensors(contents);
    } finally {
      arrays.forEach(Handle::close);
    }
  }

  /** Contents of tensors of int64 or float32. */
  record Tensors(List<Object> contents) {
    int size() {
      return contents.size();
    }

    long[] longs(int index) {
      return (long[]) contents.get(index);
    }

    float[] floats(int index) {
      return (float[]) contents.get(index);
    }
  }

  private Handle<IValue> result(String method, IValue... arguments) {
    return new Handle<>(call(method, arguments));
  }

  /**
   * Runs a method and closes the arguments, whatever comes. The caller closes the result, which
   * does not count.
   */
  IValue call(String method, IValue... arguments) {
    FreedMemory.ours().look();
    for (IValue argument : arguments) {
      if (!isInput(argument)) {
        inputs.add(new Handle<>(argument));
      }
    }
    try {
      // The flag lives in the thread. With the optimizer on, the first calls of every new shape
      // stall for profiling and gain nothing.
      if (!Thread.currentThread().equals(prepared)) {
        JniUtils.setGraphExecutorOptimize(false);
        prepared = Thread.currentThread();
      }
      return IValueUtils.runMethod(block, method, arguments);
    } finally {
      closeInputs();
    }
  }

  private boolean isInput(IValue value) {
    for (Handle<?> input : inputs) {
      if (value.equals(input.resource())) {
        return true;
      }
    }
    return false;
  }

  private void closeInputs() {
    inputs.reversed().forEach(Handle::close); // values before their arrays
    inputs.clear();
  }

  @Override
  public void close() {
    closeInputs();
    model.close();
  }
}
