package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.weights.Checkpoint;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A decoder in libtorch, on the processor or on GPUs. */
public final class TorchEngine implements Engine {
  private static final Logger log = LoggerFactory.getLogger(TorchEngine.class);
  private static final int UNIT_TOKENS = 32;
  private static final int MOST_TOKENS = Integer.MAX_VALUE / UNIT_TOKENS * UNIT_TOKENS;

  /** The last stage, mostly the only one. */
  private final TorchProgram program;

  private final EarlierStages earlier;
  private final DecoderConfig config;
  private final KvGeometry geometry;
  private final int stages;
  private final TorchStep step;
  private final @Nullable StagedSteps staged;
  private final TunedKernels kernels;

  TorchEngine(
      List<TorchProgram> stages, DecoderConfig config, TorchOptions options, TunedKernels kernels) {
    this.program = stages.getLast();
    this.earlier = new EarlierStages(stages.subList(0, stages.size() - 1));
    this.kernels = kernels;
    this.config = config;
    this.stages = stages.size();
    boolean cuda = CudaEngines.chosen(options);
    this.step = new TorchStep(config, cuda);
    this.staged =
        stages.size() == 1 ? null : new StagedSteps(stages, () -> new TorchStep(config, cuda));
    this.geometry = geometry(config, options);
  }

  /** How the KV of an engine with these options is divided. */
  static KvGeometry geometry(DecoderConfig config, TorchOptions options) {
    int units = Math.ceilDiv(Math.min(options.kvTokens(), MOST_TOKENS), UNIT_TOKENS);
    long kvBytes = config.kvNumbersPerToken() * options.type().bytes();
    return new KvGeometry(UNIT_TOKENS, units, kvBytes, config.maxPosition());
  }

  /** Opens a checkpoint. Takes as long as reading its files once. */
  public static TorchEngine open(
      DecoderConfig config, Checkpoint checkpoint, TorchOptions options) {
    return open(config, checkpoint, options, () -> {});
  }

  /**
   * The same for who may learn meanwhile that it is for nothing.
   *
   * @param heed is run before kernels are chosen and before each tensor is read, by the thread that
   *     loads; what it throws ends the loading
   */
  public static TorchEngine open(
      DecoderConfig config, Checkpoint checkpoint, TorchOptions options, Runnable heed) {
    // What the headers tell comes before a program is compiled and gigabytes are read for nothing.
    CudaEngines.check(config, options);
    warnOf(check(config, checkpoint), checkpoint);
    return LoadingThread.call(
        () ->
            new EngineStart(config, options)
                .start(
                    LayerSplit.stages(config, checkpoint, options),
                    stage -> {
                      heed.run();
                      return DecoderWeights.shapes(checkpoint, config, stage);
                    },
                    (program, stage) ->
                        DecoderWeights.load(
                            new WeightSource(program, checkpoint, config.packed(), heed),
                            config,
                            stage)));
  }

  /**
   * Looks up every tensor that loading would, and reads none; on any thread.
   *
   * @return names of tensors that are not used
   * @throws OutcropException what loading would say of the first that is missing or misshapen
   */
  public static List<String> check(DecoderConfig config, Checkpoint checkpoint) {
    PackedTensors.expect(checkpoint, config.packed());
    return DecoderWeights.load(new WeightSource(null, checkpoint, config.packed()), config);
  }

  /** Tensors that nothing reads may mean that config.json says less than the weights need. */
  private static void warnOf(List<String> unexpected, Checkpoint checkpoint) {
    if (!unexpected.isEmpty()) {
      log.warn(
          "{}: {} tensors are not used, the first is '{}'",
          checkpoint.source(),
          unexpected.size(),
          unexpected.getFirst());
    }
  }

  /** An engine with random weights, for measuring speed. */
  public static TorchEngine random(DecoderConfig config, TorchOptions options) {
    return LoadingThread.call(
        () ->
            new EngineStart(config, options)
                .start(
                    LayerSplit.stages(config, options),
                    stage -> DecoderWeights.drawnShapes(config, stage),
                    (program, stage) ->
                        DecoderWeights.draw(WeightCalls.of(program), config, stage)));
  }

  /** Begins to load libtorch, which takes a second; done when an engine may be made. */
  public static CompletableFuture<Void> begin() {
    return TorchProgram.begin();
  }

  /** Handles of libtorch that are open in this process: none between steps. */
  public static long openHandles() {
    return Handle.open();
  }

  TorchProgram program() {
    return program;
  }

  /** The kernels of linear layers, by shape; empty where there is no choice. On any thread. */
  public TunedKernels kernels() {
    return kernels;
  }

  @Override
  public KvGeometry geometry() {
    return geometry;
  }

  @Override
  public int ropeForm(int tokens) {
    return config.ropeForm(tokens);
  }

  @Override
  public int stages() {
    return stages;
  }

  @Override
  public Pending submit(StepPlan plan) {
    if (staged != null) {
      return staged.submit(plan);
    }
    StepResult result = run(plan);
    return () -> result;
  }

  private StepResult run(StepPlan plan) {
    try {
      if (plan.moves() > 0) {
        moveKv(program, moves(plan));
      }
      step.fill(plan);
      return step.choose(plan, program);
    } catch (OutcropException e) {
      return new StepResult.Failed(e);
    } catch (EngineException | IllegalArgumentException e) {
      return failed(e);
    }
  }

  static StepResult failed(RuntimeException e) {
    return new StepResult.Failed(
        new OutcropException(ModelError.STEP_FAILED, "the step failed", e));
  }

  /** The moves of a plan as programs take them: from, to and length of each. */
  static long[] moves(StepPlan plan) {
    long[] moves = new long[3 * plan.moves()];
    for (int i = 0; i < plan.moves(); i++) {
      moves[3 * i] = plan.moveFrom(i);
      moves[3 * i + 1] = plan.moveTo(i);
      moves[3 * i + 2] = plan.moveLength(i);
    }
    return moves;
  }

  /** Moves the KV of a program's own layers. */
  static void moveKv(TorchProgram program, long[] moves) {
    try {
      program.run("move_kv", IValue.listFrom(moves));
    } catch (EngineException e) {
      throw new OutcropException(ModelError.ENGINE_DEAD, "KV could not be moved", e);
    }
  }

  /**
   * Logits after every token of the plan, float32, rows in the plan's order. For inspection; the
   * plan's sampling is ignored.
   */
  public float[][] logits(StepPlan plan) {
    step.fillLayout(plan);
    earlier.run(step, program);
    long[] all = step.everyToken(plan);
    float[] flat =
        program.runFloats("logits", step.tokens(program), step.where(), IValue.listFrom(all));
    int vocabulary = config.vocabularySize();
    float[][] rows = new float[all.length][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(flat, i * vocabulary, (i + 1) * vocabulary);
    }
    return rows;
  }

  /**
   * The state behind the last token of every row, after the last norm, float32. For embeddings; the
   * plan's sampling is ignored.
   */
  float[][] states(StepPlan plan) {
    try {
      step.fillLayout(plan);
      earlier.run(step, program);
      long[] last = new long[plan.rows()];
      for (int row = 0; row < last.length; row++) {
        last[row] = step.lastToken(row);
      }
      float[] flat =
          program.runFloats("states", step.tokens(program), step.where(), IValue.listFrom(last));
      int hidden = config.hiddenSize();
      float[][] rows = new float[last.length][];
      for (int row = 0; row < rows.length; row++) {
        rows[row] = Arrays.copyOfRange(flat, row * hidden, (row + 1) * hidden);
      }
      return rows;
    } catch (EngineException | IllegalArgumentException e) {
      throw new OutcropException(ModelError.STEP_FAILED, "the batch failed", e);
    }
  }

  @Override
  public void close() {
    if (staged != null) {
      staged.close();
    }
    earlier.close();
    program.close();
  }
}
