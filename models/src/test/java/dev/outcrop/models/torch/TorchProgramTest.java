package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every handle that crosses is closed, and counted while it is open. */
final class TorchProgramTest {
  private static final String TEXT =
      """
      class Program(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool

        def times(self: __torch__.Program,
          x: Tensor,
          factor: int) -> Tensor:
          return torch.mul(x, factor)

        def twice(self: __torch__.Program,
          x: Tensor) -> List[Tensor]:
          return [x, torch.mul(x, 2)]

        def rows(self: __torch__.Program,
          x: Tensor) -> Tensor:
          return torch.reshape(x, [-1, 7])
      """;

  private final long before = Handle.open();
  private final TorchProgram program = TorchProgram.load(TEXT);

  @AfterEach
  void close() {
    program.close();
  }

  private long open() {
    return Handle.open() - before;
  }

  @Test
  void tellsTheFirstReasonWhyLibtorchDoesNotLoad() {
    Throwable inner = new UnsatisfiedLinkError("libnrt.so.1: cannot open shared object file");
    Throwable outer = new IllegalStateException("Failed to load PyTorch native library", inner);

    assertThat(TorchProgram.unloadable(outer))
        .hasMessageContainingAll(
            "libtorch cannot be loaded (libnrt.so.1: cannot open", "PYTORCH_FLAVOR")
        .hasCause(outer);
  }

  @Test
  void closesWhatACallTookAndGave() {
    IValue x = program.longs(new long[] {1, 2, 3}, 3);
    IValue factor = IValue.from(2);
    assertThat(open()).as("an array and its value").isEqualTo(2);

    assertThat(program.runLongs("times", x, factor)).containsExactly(2, 4, 6);

    assertThat(List.of(x, factor)).allMatch(IValue::isReleased);
    assertThat(open()).isZero();
    assertThat(program.runFloats("times", program.floats(new float[] {0.5f}, 1), IValue.from(3)))
        .containsExactly(1.5f);
    assertThat(program.runTensors("twice", program.longs(new long[] {5}, 1)).longs(1))
        .containsExactly(10);
    program.run("twice", program.longs(new long[] {5}, 1));
    assertThat(open()).isZero();
  }

  @Test
  void closesWhatACallTookThatFails() {
    IValue x = program.longs(new long[] {1, 2, 3}, 3);

    assertThatThrownBy(() -> program.run("rows", x)).isInstanceOf(EngineException.class);

    assertThat(x.isReleased()).isTrue();
    assertThat(open()).isZero();
  }

  @Test
  void closesWhatAListHolds() {
    IValue list = program.call("twice", program.longs(new long[] {5}, 1));
    assertThat(open()).as("the caller's own to close").isZero();

    assertThat(program.tensors(list).size()).isEqualTo(2);
    assertThat(open()).isZero();
    list.close();
  }

  @Test
  void closesWithTheNextCallWhatNoCallTook() {
    IValue lost = program.longs(new long[] {1}, 1);
    program.run("twice", program.longs(new long[] {5}, 1));
    assertThat(lost.isReleased()).isTrue();
    assertThat(open()).isZero();

    IValue last = program.longs(new long[] {1}, 1);
    program.close();
    assertThat(last.isReleased()).isTrue();
    assertThat(open()).isZero();
  }
}
