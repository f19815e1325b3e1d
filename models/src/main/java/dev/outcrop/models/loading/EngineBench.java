package dev.outcrop.models.loading;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.Attention;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.torch.TorchBench;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Measures an engine of a given shape with random weights. Used by the bench command on one thread.
 */
public final class EngineBench implements AutoCloseable {

  /**
   * The shape of a Llama decoder with an output head of its own.
   *
   * @param hidden width of the residual stream
   * @param layers decoder layers
   * @param heads query heads
   * @param kvHeads key and value heads
   * @param intermediate width of the MLP
   * @param vocabulary rows of the embedding
   */
  public record Shape(
      int hidden, int layers, int heads, int kvHeads, int intermediate, int vocabulary) {
    /** Checks the fields. */
    public Shape {
      if (hidden < 1 || layers < 1 || heads < 1 || kvHeads < 1 || intermediate < 1) {
        throw new IllegalArgumentException("every field of the shape has to be positive");
      }
      if (vocabulary < 2 || heads % kvHeads != 0 || hidden % heads != 0) {
        throw new IllegalArgumentException(
            "heads has to be a multiple of kvHeads, hidden of heads, and vocabulary above 1");
      }
    }

    /** The decoder of this shape, for sequences of so many tokens. */
    public DecoderConfig config(int maxPosition) {
      Attention attention = Attention.plain(heads, kvHeads, hidden / heads);
      return DecoderConfig.llama(vocabulary, hidden, maxPosition, attention, layers, intermediate);
    }
  }

  private final TorchBench bench;
  private final int vocabulary;
  private final int sequenceTokens;
  private final StepPlan plan = new StepPlan();

  private EngineBench(TorchBench bench, int vocabulary, int sequenceTokens) {
    this.bench = bench;
    this.vocabulary = vocabulary;
    this.sequenceTokens = sequenceTokens;
  }

  /**
   * Draws weights and makes room.
   *
   * @param maxBatch the most sequences to run at once
   * @param maxTokens the most tokens of one sequence, prompt and completion
   * @param threads threads of one operator, 0 for libtorch's choice
   */
  public static EngineBench open(
      Shape shape, ComputeType type, int maxBatch, int maxTokens, int threads) {
    return open(shape, type, Quantization.NONE, maxBatch, maxTokens, threads);
  }

  /**
   * Draws weights, quantises them and makes room.
   *
   * @param maxBatch the most sequences to run at once
   * @param maxTokens the most tokens of one sequence, prompt and completion
   * @param threads threads of one operator, 0 for libtorch's choice
   */
  public static EngineBench open(
      Shape shape,
      ComputeType type,
      Quantization quantization,
      int maxBatch,
      int maxTokens,
      int threads) {
    int unit = 32;
    int sequence = Math.ceilDiv(maxTokens, unit) * unit;
    EngineOptions options =
        new EngineOptions(type, maxBatch * sequence, threads, quantization, KernelTuning.usual());
    TorchBench bench = TorchBench.open(shape.config(sequence), EngineLoader.torch(options));
    return new EngineBench(bench, shape.vocabulary(), sequence);
  }

  /** The engine, for measurements of other kinds. */
  public Engine engine() {
    return bench.engine();
  }

  /** Milliseconds of one step that runs one prompt of so many tokens. */
  public double prefillMillis(int promptTokens) {
    return prefill(0, prompt(0, promptTokens), promptTokens) / 1e6;
  }

  /**
   * Milliseconds of each of some decode steps, after every sequence ran a prompt.
   *
   * @param batch sequences
   * @param promptTokens tokens of each prompt
   * @param steps how many steps to run; prompt and steps have to fit the tokens of a sequence
   */
  public double[] decodeMillis(int batch, int promptTokens, int steps) {
    int[][] tokens = new int[batch][];
    for (int s = 0; s < batch; s++) {
      tokens[s] = prompt(s, promptTokens + steps);
      prefill(s, tokens[s], promptTokens);
    }
    double[] millis = new double[steps];
    for (int i = 0; i < steps; i++) {
      int length = promptTokens + i + 1;
      plan.clear();
      for (int s = 0; s < batch; s++) {
        plan.row(length - 1);
        plan.tokens(tokens[s], length - 1, 1);
        plan.segment(s * sequenceTokens, length);
        plan.sample(Sampling.GREEDY, tokens[s], promptTokens, length);
      }
      millis[i] = step() / 1e6;
    }
    return millis;
  }

  /**
   * Milliseconds of the same decode steps in two ways.
   *
   * @param plain each step with every row free to take any token
   * @param constrained the step run again with the constraints, right before or after
   */
  public record Alternating(double[] plain, double[] constrained) {}

  /**
   * Runs each of some decode steps with and without constraints, one right after the other and each
   * first every other time, so that what else the machine does weighs on both alike. Goes on from
   * the constrained tokens, after every sequence ran a prompt.
   *
   * @param how how to choose the tokens of each sequence
   * @param seed of the prompts
   */
  public Alternating alternatingMillis(List<Sampling> how, int seed, int promptTokens, int steps) {
    int batch = how.size();
    List<Sampling> free = Collections.nCopies(batch, Sampling.GREEDY);
    int[][] tokens = new int[batch][];
    for (int s = 0; s < batch; s++) {
      tokens[s] = Arrays.copyOf(prompt(seed * batch + s, promptTokens), promptTokens + steps + 1);
      prefill(s, tokens[s], promptTokens);
      tokens[s][promptTokens] = chosen(how.get(s), tokens[s], promptTokens);
    }
    int[] next = new int[batch];
    int[] ignored = new int[batch];
    Alternating millis = new Alternating(new double[steps], new double[steps]);
    for (int i = 0; i < steps; i++) {
      int length = promptTokens + i + 1;
      if (i % 2 == 0) {
        millis.plain[i] = decode(free, tokens, promptTokens, length, ignored);
      }
      millis.constrained[i] = decode(how, tokens, promptTokens, length, next);
      if (i % 2 == 1) {
        millis.plain[i] = decode(free, tokens, promptTokens, length, ignored);
      }
      for (int s = 0; s < batch; s++) {
        tokens[s][length] = next[s];
      }
    }
    return millis;
  }

  private double decode(
      List<Sampling> how, int[][] tokens, int promptTokens, int length, int[] next) {
    plan.clear();
    for (int s = 0; s < next.length; s++) {
      plan.row(length - 1);
      plan.tokens(tokens[s], length - 1, 1);
      plan.segment(s * sequenceTokens, length);
      plan.sample(how.get(s), tokens[s], promptTokens, length);
    }
    long start = System.nanoTime();
    StepResult.Sampled result = sampled();
    double millis = (System.nanoTime() - start) / 1e6;
    for (int s = 0; s < next.length; s++) {
      next[s] = result.tokens()[s];
      if (next[s] < 0) {
        throw new OutcropException(ModelError.STEP_FAILED, "a row of a measured step failed");
      }
    }
    return millis;
  }

  /** The first token of a completion: any that may come. */
  private int chosen(Sampling how, int[] tokens, int promptTokens) {
    TokenConstraint constraint = how.constraint();
    if (constraint == null) {
      return 0;
    }
    TokenConstraint.Mask mask = constraint.mask(tokens, promptTokens, promptTokens);
    int token = 0;
    while (!mask.holds(token) && token < vocabulary - 1) {
      token++;
    }
    return token;
  }

  /** Milliseconds of each of some runs of all linear layers of one step, and of nothing else. */
  public double[] floorMillis(int batch, int runs) {
    return Arrays.stream(bench.floorNanos(batch, runs)).mapToDouble(nanos -> nanos / 1e6).toArray();
  }

  /** Gigabytes per second that all threads together read from memory. */
  public double readGigabytesPerSecond() {
    return bench.readGigabytesPerSecond();
  }

  /** 10^9 operations per second of a product of two large matrices of the engine's type. */
  public double gemmGigaflops() {
    return bench.gemmGigaflops();
  }

  private int[] prompt(int sequence, int length) {
    return new Random(sequence).ints(length, 0, vocabulary).toArray();
  }

  private long prefill(int sequence, int[] tokens, int count) {
    plan.clear();
    plan.row(0);
    plan.tokens(tokens, 0, count);
    plan.segment(sequence * sequenceTokens, count);
    plan.sample(Sampling.GREEDY, tokens, count, count);
    return step();
  }

  private long step() {
    long start = System.nanoTime();
    StepResult.Sampled _ = sampled();
    return System.nanoTime() - start;
  }

  private StepResult.Sampled sampled() {
    return switch (bench.engine().submit(plan).await()) {
      case StepResult.Sampled result -> result;
      case StepResult.Failed(OutcropException error) ->
          throw new OutcropException(ModelError.STEP_FAILED, "a measured step failed", error);
    };
  }

  @Override
  public void close() {
    bench.close();
  }
}
