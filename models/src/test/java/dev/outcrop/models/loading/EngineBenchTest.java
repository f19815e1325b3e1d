package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EngineBenchTest {
  @Test
  void measuresAShapeInBfloat16() {
    EngineBench.Shape shape = new EngineBench.Shape(64, 2, 4, 2, 96, 100);
    try (EngineBench bench = EngineBench.open(shape, ComputeType.BFLOAT16, 3, 20, 1)) {
      assertThat(bench.decodeMillis(3, 10, 5)).hasSize(5);
      assertThat(bench.floorMillis(3, 4)).hasSize(4);
      assertThat(bench.prefillMillis(20)).isPositive();
      assertThat(bench.readGigabytesPerSecond()).isPositive();
    }
  }
}
