package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.TokenConstraint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EngineBenchTest {
  private static final EngineBench.Shape SHAPE = new EngineBench.Shape(64, 2, 4, 2, 96, 100);

  @Test
  void measuresAShapeInBfloat16() {
    try (EngineBench bench = EngineBench.open(SHAPE, ComputeType.BFLOAT16, 3, 20, 1)) {
      assertThat(bench.decodeMillis(3, 10, 5)).hasSize(5);
      assertThat(bench.floorMillis(3, 4)).hasSize(4);
      assertThat(bench.prefillMillis(20)).isPositive();
      assertThat(bench.readGigabytesPerSecond()).isPositive();
    }
  }

  @Test
  void runsEachStepWithAndWithoutConstraintsOnOtherPromptsPerSeed() {
    List<List<Integer>> asked = new ArrayList<>();
    Sampling even =
        Sampling.GREEDY.constrained(
            (history, promptTokens, length) -> {
              asked.add(Arrays.stream(history, 0, length).boxed().toList());
              return new TokenConstraint.Mask(true, new int[] {2, 4, 8, 16, 32, 64}, 100);
            });
    try (EngineBench bench = EngineBench.open(SHAPE, ComputeType.FLOAT32, 1, 20, 1)) {
      EngineBench.Alternating millis = bench.alternatingMillis(List.of(even), 0, 10, 5);
      assertThat(millis.plain()).hasSize(5).doesNotContain(0);
      assertThat(millis.constrained()).hasSize(5).doesNotContain(0);
      bench.alternatingMillis(List.of(even), 1, 10, 5);
    }
    assertThat(asked).extracting(List::size).startsWith(10, 11, 12, 13, 14, 15, 10);
    assertThat(asked.get(5).subList(10, 15)).isSubsetOf(2, 4, 8, 16, 32, 64);
    assertThat(asked.get(6)).isNotEqualTo(asked.get(0));
  }

  @Test
  void stopsWhereARowFails() {
    Sampling nothing =
        Sampling.GREEDY.constrained(
            (history, promptTokens, length) -> new TokenConstraint.Mask(true, new int[0], 100));
    try (EngineBench bench = EngineBench.open(SHAPE, ComputeType.FLOAT32, 1, 20, 1)) {
      assertThatExceptionOfType(OutcropException.class)
          .isThrownBy(() -> bench.alternatingMillis(List.of(nothing), 0, 10, 5))
          .withMessageContaining("row");
    }
  }
}
