package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Rope;
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
  private final StepChoice choice;
  private long[] tokenTable = {};
  private long[] where = {};

  TorchStep(DecoderConfig config, boolean cuda) {
    this.choice = new StepChoice(config.vocabularySize());
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
    choice.fill(plan);
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

  /** Where every token of the plan stands among the step's tokens, in the plan's order. */
  long[] everyToken(StepPlan plan) {
    long[] all = new long[count()];
    int next = 0;
    for (int row = 0; row < plan.rows(); row++) {
      int last = lastToken(row);
      for (int token = last + 1 - plan.tokens(row); token <= last; token++) {
        all[next++] = token;
      }
    }
    return all;
  }

  /** The tokens after which one is chosen, among the step's tokens. */
  long[] sampled(StepPlan plan) {
    return choice.sampled(plan, layout::lastToken);
  }

  /** What {@link #tokens} makes a tensor of: a row for each of its rows. */
  long[][] table() {
    long[][] table = new long[layout.tableRows()][];
    for (int row = 0; row < table.length; row++) {
      table[row] = Arrays.copyOfRange(tokenTable, row * count(), (row + 1) * count());
    }
    return table;
  }

  /** What {@link #where} makes a list of. */
  long[] layout() {
    return where.clone();
  }

  /** Runs the last program and chooses tokens. */
  StepResult choose(StepPlan plan, TorchProgram program) {
    return choice.choose(plan, program, tokens(program), where(), layout::lastToken);
  }
}
