package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * The stages of a model before its last one, in order; none where the model is in one program. They
 * run one after the other on the engine thread: while a stage runs, the others have nothing to do.
 */
final class EarlierStages implements AutoCloseable {
  private final List<TorchProgram> programs;

  EarlierStages(List<TorchProgram> programs) {
    this.programs = List.copyOf(programs);
  }

  /** Runs a step up to the last stage, which then goes on from what it received. */
  void run(StepLayout layout, TorchProgram last) {
    for (int i = 0; i < programs.size(); i++) {
      TorchProgram program = programs.get(i);
      TorchProgram next = i + 1 < programs.size() ? programs.get(i + 1) : last;
      IValue tokens = program.longs(layout.tokenTable(), layout.tableRows(), layout.tokens());
      program.handOver("hidden", next, "receive", tokens, IValue.listFrom(layout.layout()));
    }
  }

  /** Moves KV of the stages' own layers. */
  void moveKv(long[] moves) {
    for (TorchProgram program : programs) {
      program.run("move_kv", IValue.listFrom(moves));
    }
  }

  @Override
  public void close() {
    programs.forEach(TorchProgram::close);
  }
}
