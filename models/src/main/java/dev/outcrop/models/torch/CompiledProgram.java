package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.neuron.NeuronBundle;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A bundle's program with its weights on the device: NxDModel V2 as its {@code save} writes it
 * (class TorchScriptNxDModel of neuronx_distributed), whose methods DJL can call as they are.
 */
final class CompiledProgram implements AutoCloseable {
  private final TorchProgram program;
  private final NeuronBundle bundle;

  private CompiledProgram(TorchProgram program, NeuronBundle bundle) {
    this.program = program;
    this.bundle = bundle;
  }

  /**
   * Reads the program, gives it its weights, and runs every shape once, which brings it to the
   * device. Weights are mapped, so that the host holds no copy of them.
   *
   * @throws OutcropException where the program does not load, or is not what the manifest says
   */
  static CompiledProgram open(NeuronBundle bundle, CompiledStep step, Runnable heed) {
    TorchProgram read;
    try {
      read = TorchProgram.read(bundle.program());
    } catch (IllegalStateException e) {
      throw broken(bundle, "libtorch cannot load it", e);
    }
    CompiledProgram program = new CompiledProgram(read, bundle);
    try {
      program.begin(heed);
      program.tryShapes(step, heed);
      return program;
    } catch (RuntimeException e) {
      program.close();
      throw e;
    }
  }

  private void begin(Runnable heed) {
    try (RankWeights weights = new RankWeights(bundle.ranks(), heed);
        KeptValue all = weights.all()) {
      program.give("set_weights", all);
      program.run("to_neuron");
    } catch (EngineException e) {
      throw broken(bundle, "it does not take the weights beside it", e);
    }
  }

  private void tryShapes(CompiledStep step, Runnable heed) {
    CompiledShapes shapes = bundle.manifest().shapes();
    for (int context : shapes.contexts()) {
      for (int rows : shapes.decodeRows()) {
        tryShape(step, rows, 1, context);
        heed.run();
      }
      for (int tokens : shapes.prefillTokens()) {
        if (tokens <= context) {
          tryShape(step, 1, tokens, context);
          heed.run();
        }
      }
    }
  }

  private void tryShape(CompiledStep step, int rows, int tokens, int context) {
    String shape = "%d rows of %d tokens with a context of %d".formatted(rows, tokens, context);
    step.pad(rows, tokens, context);
    long[] found;
    try (Result result = forward(step)) {
      found = result.logits.shape();
      if (!result.logits.holds(DataType.FLOAT32)) {
        throw broken(bundle, "for " + shape + " it returns logits that are not float32", null);
      }
      if (result.greedy != null
          && (!result.greedy.holds(DataType.INT32)
              || !Arrays.equals(result.greedy.shape(), new long[] {rows}))) {
        throw broken(
            bundle,
            "for %s it returns tokens that are not int32 [%d]".formatted(shape, rows),
            null);
      }
    } catch (EngineException | IllegalArgumentException | IllegalStateException e) {
      throw broken(bundle, "it does not run " + shape + " as manifest.json says it does", e);
    }
    int vocabulary = bundle.config().vocabularySize();
    if (found.length != 2 || found[0] != rows || found[1] != vocabulary) {
      throw broken(
          bundle,
          "for %s it returns logits of shape %s, must be [%d, %d]"
              .formatted(shape, Arrays.toString(found), rows, vocabulary),
          null);
    }
  }

  /** Runs a step. */
  Result forward(CompiledStep step) {
    IValue arguments = step.arguments(program);
    KeptValue returned = program.keep("forward", arguments, IValue.stringIValueMapFrom(Map.of()));
    if (!bundle.manifest().picksGreedy()) {
      return new Result(null, returned);
    }
    try (returned) {
      List<KeptValue> parts = returned.parts();
      if (parts.size() != 2) {
        parts.forEach(KeptValue::close);
        throw new IllegalArgumentException("%d results in place of 2".formatted(parts.size()));
      }
      return new Result(parts.get(0), parts.get(1));
    }
  }

  private static OutcropException broken(
      NeuronBundle bundle, String what, @Nullable Exception cause) {
    return new OutcropException(
        ModelError.CHECKPOINT_INVALID,
        bundle.program() + ": " + what + "; have compile.py make the bundle anew (--replace)",
        cause);
  }

  @Override
  public void close() {
    program.close();
  }

  /**
   * What a step returned.
   *
   * @param greedy the most likely token of each row, int32; null where the program leaves that to
   *     us
   * @param logits float32 [rows, vocabulary]
   */
  record Result(@Nullable KeptValue greedy, KeptValue logits) implements AutoCloseable {
    @Override
    public void close() {
      if (greedy != null) {
        greedy.close();
      }
      logits.close();
    }
  }
}
