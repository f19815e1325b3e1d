package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.SentenceModules;
import dev.outcrop.models.weights.Checkpoint;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An encoder in libtorch. A batch may mix texts of any lengths: none is padded, and what comes out
 * for a text does not depend on its neighbours but by rounding. Used by one thread at a time.
 */
public final class TorchEncoder implements TextEncoder {
  private static final Logger log = LoggerFactory.getLogger(TorchEncoder.class);

  private final TorchProgram program;
  private final EncoderConfig config;

  /** An encoder of a program that has its weights. */
  TorchEncoder(TorchProgram program, EncoderConfig config) {
    this.program = program;
    this.config = config;
  }

  /**
   * Opens a checkpoint. Weights are mapped and laid out for the kernels; the files must not change
   * while the encoder lives.
   *
   * @param modules how embeddings are made of the states of tokens
   * @param type the type to compute in
   * @param threads threads of one operator, for the whole process; 0 leaves libtorch's choice
   * @throws OutcropException when a tensor is missing or has the wrong shape; the message names
   *     file and tensor
   */
  public static TorchEncoder open(
      EncoderConfig config,
      SentenceModules modules,
      Checkpoint checkpoint,
      ElementType type,
      int threads) {
    // What the headers tell comes before a program is compiled for nothing.
    check(config, checkpoint);
    return open(
        config,
        modules,
        type,
        threads,
        program -> EncoderWeights.load(new WeightSource(program, checkpoint, null), config));
  }

  /**
   * Looks up every tensor that loading would, and reads none; on any thread.
   *
   * @throws OutcropException what loading would say of the first that is missing or misshapen
   */
  public static void check(EncoderConfig config, Checkpoint checkpoint) {
    EncoderWeights.load(new WeightSource(null, checkpoint, null), config);
  }

  /** Draws the weights, for measuring speed; what the model says is noise. */
  public static TorchEncoder random(
      EncoderConfig config, SentenceModules modules, ElementType type, int threads) {
    return open(config, modules, type, threads, program -> EncoderWeights.draw(program, config));
  }

  private static TorchEncoder open(
      EncoderConfig config,
      SentenceModules modules,
      ElementType type,
      int threads,
      Consumer<TorchProgram> fill) {
    return LoadingThread.call(
        () -> {
          TorchProgram program = program(config, modules, type);
          if (threads > 0) {
            TorchProgram.threads(threads);
          }
          try {
            fill.accept(program);
            return new TorchEncoder(program, config);
          } catch (EngineException e) {
            program.close();
            throw LoadingThread.failure(e);
          } catch (RuntimeException e) {
            program.close();
            throw e;
          }
        });
  }

  /** The program for oneDNN's kernels, or where they refuse this machine, for plain ones. */
  private static TorchProgram program(
      EncoderConfig config, SentenceModules modules, ElementType type) {
    String text = EncoderProgram.text(config, modules.pooling(), modules.normalize(), type, true);
    try {
      return TorchProgram.probed(text);
    } catch (EngineException | IllegalStateException e) {
      log.warn("oneDNN does not take {} here; linear layers are slower", type, e);
      return TorchProgram.load(
          EncoderProgram.text(config, modules.pooling(), modules.normalize(), type, false));
    }
  }

  @Override
  public float[][] embed(int[][] ids) {
    return run("embed", config.hiddenSize(), ids, null);
  }

  @Override
  public float[][] score(int[][] ids, int @Nullable [][] types) {
    EncoderConfig.Classifier classifier = config.classifier();
    if (classifier == null) {
      throw new IllegalStateException("the model has no classifier");
    }
    return run("score", classifier.labels(), ids, types);
  }

  private float[][] run(String method, int width, int[][] ids, int @Nullable [][] types) {
    try {
      TextBatch batch = new TextBatch(config, ids, types);
      float[] flat =
          program.runFloats(
              method,
              program.longs(batch.table(), 3, batch.tokens()),
              IValue.listFrom(batch.layout()));
      float[][] rows = new float[ids.length][];
      for (int place = 0; place < rows.length; place++) {
        rows[batch.text(place)] = Arrays.copyOfRange(flat, place * width, (place + 1) * width);
      }
      return rows;
    } catch (EngineException | IllegalArgumentException e) {
      throw new OutcropException(ModelError.STEP_FAILED, "the batch failed", e);
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
