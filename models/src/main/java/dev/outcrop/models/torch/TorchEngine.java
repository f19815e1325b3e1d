package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.weights.Checkpoint;
import java.util.Arrays;

/** A decoder of the Llama family in libtorch, on the CPU. */
public final class TorchEngine implements Engine {
  private static final int UNIT_TOKENS = 32;

  private final TorchProgram program;
  private final DecoderConfig config;
  private final KvGeometry geometry;
  private final StepLayout layout;

  private TorchEngine(TorchProgram program, DecoderConfig config, TorchOptions options) {
    this.program = program;
    this.config = config;
    this.layout = new StepLayout(config.slidingWindow());
    int units = Math.ceilDiv(options.kvTokens(), UNIT_TOKENS);
    long kvBytes =
        2L * config.layers() * config.kvHeads() * config.headDim() * options.type().bytes();
    this.geometry = new KvGeometry(UNIT_TOKENS, units, kvBytes, config.maxPosition());
  }

  /** Opens a checkpoint. Takes as long as reading its files once. */
  public static TorchEngine open(
      DecoderConfig config, Checkpoint checkpoint, TorchOptions options) {
    return start(config, options, weights -> weights.load(checkpoint));
  }

  /** An engine with random weights, for measuring speed. */
  public static TorchEngine random(DecoderConfig config, TorchOptions options) {
    return start(config, options, DecoderWeights::draw);
  }

  private static TorchEngine start(
      DecoderConfig config,
      TorchOptions options,
      java.util.function.Consumer<DecoderWeights> fill) {
    TorchProgram program = TorchProgram.load(DecoderProgram.text(config, options.type(), true));
    if (options.threads() > 0) {
      TorchProgram.threads(options.threads());
    }
    fill.accept(new DecoderWeights(program, config));
    TorchEngine engine = new TorchEngine(program, config, options);
    program.run("allocate_arena", IValue.from(engine.geometry.tokens()));
    return engine;
  }

  @Override
  public KvGeometry geometry() {
    return geometry;
  }

  @Override
  public Pending submit(StepPlan plan) {
    StepResult result = step(plan);
    return () -> result;
  }

  private StepResult step(StepPlan plan) {
    try {
      layout.fill(plan);
      int rows = plan.rows();
      int[] sampledRows = new int[rows];
      int count = 0;
      for (int row = 0; row < rows; row++) {
        Sampling how = plan.sampling(row);
        if (how != null) {
          sampledRows[count++] = row;
        }
      }
      long[] sampled = new long[count];
      for (int i = 0; i < count; i++) {
        sampled[i] = layout.lastToken(sampledRows[i]);
      }
      long[] chosen =
          program.runLongs(
              "step_greedy",
              program.longs(layout.tokenTable(), 3, layout.tokens()),
              IValue.listFrom(layout.layout()),
              IValue.listFrom(sampled));
      int[] tokens = new int[rows];
      Arrays.fill(tokens, StepResult.NO_TOKEN);
      for (int i = 0; i < count; i++) {
        tokens[sampledRows[i]] = (int) chosen[i];
      }
      float[] logprobs = new float[rows];
      Arrays.fill(logprobs, Float.NaN);
      return new StepResult.Sampled(tokens, logprobs, new int[rows][0], new float[rows][0]);
    } catch (EngineException | IllegalArgumentException e) {
      return new StepResult.Failed(
          new OutcropException(ModelError.STEP_FAILED, "the step failed", e));
    }
  }

  /**
   * Logits after every token of the plan, float32, rows in the plan's order. For inspection; the
   * plan's sampling is ignored.
   */
  public float[][] logits(StepPlan plan) {
    layout.fill(plan);
    long[] all = new long[layout.tokens()];
    int next = 0;
    for (int row = 0; row < plan.rows(); row++) {
      int last = layout.lastToken(row);
      for (int token = last + 1 - plan.tokens(row); token <= last; token++) {
        all[next++] = token;
      }
    }
    float[] flat =
        program.runFloats(
            "logits",
            program.longs(layout.tokenTable(), 3, layout.tokens()),
            IValue.listFrom(layout.layout()),
            IValue.listFrom(all));
    int vocabulary = config.vocabularySize();
    float[][] rows = new float[all.length][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(flat, i * vocabulary, (i + 1) * vocabulary);
    }
    return rows;
  }

  @Override
  public void close() {
    program.close();
  }
}
