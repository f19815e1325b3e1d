package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * In half precision a model says nearly what it says in float32. The fixtures are a hard case:
 * their weights are large and random, so that many tokens are about as likely.
 */
class HalfPrecisionTest {
  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.torch.TorchEngineExactnessTest#fixtures")
  void bfloat16AgreesWithFloat32(String name) {
    Fixture fixture = Fixture.read(name);
    agrees(fixture, fixture.said(ElementType.BFLOAT16));
  }

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.torch.TorchEngineExactnessTest#fixtures")
  void float16CheckpointsAgreeInBfloat16(String name) {
    Fixture fixture = Fixture.read(name).inFloat16(folder);
    agrees(fixture, fixture.said(ElementType.BFLOAT16));
  }

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.torch.TorchEngineExactnessTest#fixtures")
  void float16CheckpointsAgreeInFloat32(String name) {
    Fixture fixture = Fixture.read(name).inFloat16(folder);
    float[][] said = fixture.said(ElementType.FLOAT32);

    // Eleven bits of every weight, where bfloat16 keeps eight.
    boolean experts = ExpertProgram.in(fixture.config());
    assertThat(fixture.error(said, 0)).isLessThan(experts ? 0.5 : 0.03);
    assertThat(fixture.divergence(said)).isLessThan(experts ? 0.005 : 0.001);
    assertThat(fixture.agreement(said)).isGreaterThan(0.95);
  }

  private static void agrees(Fixture fixture, float[][] said) {
    // Where two experts are nearly as good as each other, rounding may choose the other one.
    boolean experts = ExpertProgram.in(fixture.config());
    assertThat(fixture.error(said, 0)).isBetween(1e-4, experts ? 1 : 0.2);
    assertThat(fixture.divergence(said)).isLessThan(experts ? 0.05 : 0.02);
    assertThat(fixture.agreement(said)).isGreaterThan(0.85);
  }
}
