package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * The stages of a model before its last one, in order; none where the model is in one program. For
 * what is asked of the whole model while no step is in flight ({@link StagedSteps}): they run one
 * after the other on the engine thread.
 */
final class EarlierStages implements AutoCloseable {
  private final List<TorchProgram> programs;

  EarlierStages(List<TorchProgram> programs) {
    this.programs = List.copyOf(programs);
  }

  /** Runs a step up to the last stage, which then goes on from what it received. */
  void run(TorchStep step, TorchProgram last) {
    for (int i = 0; i < programs.size(); i++) {
      TorchProgram program = programs.get(i);
      TorchProgram next = i + 1 < programs.size() ? programs.get(i + 1) : last;
      IValue tokens = step.tokens(program);
      try (KeptValue hidden = program.keep("hidden", tokens, step.where())) {
        next.give("receive", hidden);
      }
    }
  }

  @Override
  public void close() {
    programs.forEach(TorchProgram::close);
  }
}
