package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;

/**
 * A step as the decoder's programs take it: its tokens, where they go and who sees them, and how
 * the next tokens are chosen. Made of a plan, which is not read by the programs. Reused, by one
 * thread at a time.
 */
final class TorchStep {
  private final StepLayout layout;
  private final SamplingTable sampling;
  private long[] tokenTable = {};
  private long[] where = {};

  TorchStep(DecoderConfig config, boolean cuda) {
    this.sampling = new SamplingTable(config.vocabularySize());
    this.layout =
        new StepLayout(
            DecoderProgram.windows(config),
            config.vocabularySize(),
            DecoderProgram.ropes(config).stream().anyMatch(Rope::hasForms),
            cuda);
  }

  /** Takes in a plan, all of it. */
  void fill(StepPlan plan) {
    fillLayout(plan);
    sampling.fill(plan);
  }

  /** Takes in a plan without how its tokens are chosen. */
  void fillLayout(StepPlan plan) {
    layout.fill(plan);
    tokenTable = layout.tokenTable();
    where = layout.layout();
  }

  /** The step's tokens, for the next call of a program. */
  IValue tokens(TorchProgram program) {
    return program.longs(tokenTable, layout.tableRows(), layout.tokens());
  }

  /** Where they go and what they see. */
  IValue where() {
    return IValue.listFrom(where);
  }

  /** How many tokens run. */
  int count() {
    return layout.tokens();
  }

  /** Where the row's last token stands among the step's tokens in the program's order. */
  int lastToken(int row) {
    return layout.lastToken(row);
  }

  /** Runs the last program and chooses tokens. */
  StepResult choose(StepPlan plan, TorchProgram program) {
    long[] sampled = new long[sampling.size()];
    for (int i = 0; i < sampled.length; i++) {
      int row = sampling.row(i);
      int unseen = plan.firstResult(row) + plan.drafts(row) - sampling.result(i);
      sampled[i] = layout.lastToken(row) - (long) unseen;
    }
    IValue tokens = tokens(program);
    IValue which = IValue.listFrom(sampled);
    MaskTable masks = sampling.masks();
    if (sampling.plain() && masks.isEmpty()) {
      return greedy(plan, program.runLongs("step_greedy", tokens, where(), which));
    }
    IValue allowed = IValue.listFrom(masks.rows(sampled.length));
    IValue ids = program.integers(masks.ids(), masks.size());
    if (sampling.plain()) {
      return greedy(
          plan, program.runLongs("step_greedy_masked", tokens, where(), which, allowed, ids));
    }
    IValue numbers = IValue.listFrom(sampling.numbers());
    IValue counts = IValue.listFrom(sampling.counts());
    long[] history = sampling.history();
    IValue seen = program.longs(history, history.length);
    return sampled(
        plan,
        program.runTensors(
            "step_sample", tokens, where(), which, numbers, counts, seen, allowed, ids));
  }

  private StepResult greedy(StepPlan plan, long[] chosen) {
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

  private static StepResult.Sampled nothingSampled(int results) {
    int[] tokens = new int[results];
    Arrays.fill(tokens, StepResult.NO_TOKEN);
    float[] logprobs = new float[results];
    Arrays.fill(logprobs, Float.NaN);
    return new StepResult.Sampled(tokens, logprobs, new int[results][0], new float[results][0]);
  }
}
