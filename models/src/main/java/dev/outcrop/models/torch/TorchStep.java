package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;

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

  /** Runs the last program and chooses tokens. */
  StepResult choose(StepPlan plan, TorchProgram program) {
    return choice.choose(plan, program, tokens(program), where(), layout::lastToken);
  }
}
