package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * How the tokens of a step are chosen, by a program that has the methods of sampling.torchscript.
 * Reused from step to step, by one thread at a time.
 */
final class StepChoice {
  private final SamplingTable sampling;

  /**
   * Creates one for a model.
   *
   * @param vocabulary tokens that the model has a logit for
   */
  StepChoice(int vocabulary) {
    this.sampling = new SamplingTable(vocabulary);
  }

  /** Takes in how the tokens of a plan are chosen. */
  void fill(StepPlan plan) {
    sampling.fill(plan);
  }

  /** How many tokens are chosen. */
  int size() {
    return sampling.size();
  }

  /** The plan's row that the i-th of them follows. */
  int row(int i) {
    return sampling.row(i);
  }

  /** Whether each is the most likely one of all, and nothing else is asked for. */
  boolean greedy() {
    return sampling.plain() && sampling.masks().isEmpty();
  }

  /** Which of what the program has are followed by a token, see {@link #choose}. */
  long[] sampled(StepPlan plan, IntUnaryOperator lastToken) {
    long[] sampled = new long[sampling.size()];
    for (int i = 0; i < sampled.length; i++) {
      int row = sampling.row(i);
      int unseen = plan.firstResult(row) + plan.drafts(row) - sampling.result(i);
      sampled[i] = lastToken.applyAsInt(row) - (long) unseen;
    }
    return sampled;
  }

  /**
   * Runs a program that chooses tokens.
   *
   * @param tokens what its methods take first
   * @param where what they take next
   * @param lastToken which of what the program has tells the token after a row's last one; drafts
   *     are before it
   */
  StepResult choose(
      StepPlan plan,
      TorchProgram program,
      IValue tokens,
      IValue where,
      IntUnaryOperator lastToken) {
    long[] sampled = sampled(plan, lastToken);
    IValue which = IValue.listFrom(sampled);
    MaskTable masks = sampling.masks();
    if (greedy()) {
      return greedy(plan, program.runLongs("step_greedy", tokens, where, which));
    }
    IValue allowed = IValue.listFrom(masks.rows(sampled.length));
    IValue ids = program.integers(masks.ids(), masks.size());
    if (sampling.plain()) {
      return greedy(
          plan, program.runLongs("step_greedy_masked", tokens, where, which, allowed, ids));
    }
    IValue numbers = IValue.listFrom(sampling.numbers());
    IValue counts = IValue.listFrom(sampling.counts());
    long[] history = sampling.history();
    IValue seen = program.longs(history, history.length);
    return sampled(
        plan,
        program.runTensors(
            "step_sample", tokens, where, which, numbers, counts, seen, allowed, ids));
  }

  /** The result of a step in which every row takes its most likely token. */
  StepResult greedy(StepPlan plan, long[] chosen) {
    StepResult.Sampled result = nothingSampled(plan.results());
    for (int i = 0; i < sampling.size(); i++) {
      result.tokens()[sampling.result(i)] = (int) chosen[i];
    }
    return result;
  }

  private StepResult sampled(StepPlan plan, TorchProgram.Tensors chosen) {
    StepResult.Sampled result = nothingSampled(plan.results());
    long[] tokens = chosen.longs(0);
    boolean logprobs = chosen.size() > 1;
    float[] chosenLogprobs = logprobs ? chosen.floats(1) : new float[0];
    long[] topTokens = logprobs ? chosen.longs(2) : new long[0];
    float[] topLogprobs = logprobs ? chosen.floats(3) : new float[0];
    int width = topTokens.length / sampling.size();
    for (int i = 0; i < sampling.size(); i++) {
      int at = sampling.result(i);
      result.tokens()[at] = (int) tokens[i];
      Sampling how = plan.sampling(sampling.row(i));
      if (how != null && how.logprobs() >= 0 && tokens[i] >= 0) {
        int from = i * width;
        int count = Math.min(how.logprobs(), width);
        result.logprobs()[at] = chosenLogprobs[i];
        result.topTokens()[at] =
            Arrays.stream(topTokens, from, from + count).mapToInt(Math::toIntExact).toArray();
        result.topLogprobs()[at] = Arrays.copyOfRange(topLogprobs, from, from + count);
      }
    }
    return result;
  }

  static StepResult.Sampled nothingSampled(int results) {
    int[] tokens = new int[results];
    Arrays.fill(tokens, StepResult.NO_TOKEN);
    float[] logprobs = new float[results];
    Arrays.fill(logprobs, Float.NaN);
    return new StepResult.Sampled(tokens, logprobs, new int[results][0], new float[results][0]);
  }
}
