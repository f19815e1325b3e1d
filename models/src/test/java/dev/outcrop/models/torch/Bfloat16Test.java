package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.StepPlan;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * In bfloat16 a model says nearly what it says in float32. The fixtures are a hard case: their
 * weights are large and random, so that many tokens are about as likely.
 */
class Bfloat16Test {
  @ParameterizedTest
  @MethodSource("dev.outcrop.models.torch.TorchEngineExactnessTest#fixtures")
  void agreesWithFloat32(String name) {
    Fixture fixture = Fixture.read(name);
    TorchOptions options = new TorchOptions(ElementType.BFLOAT16, 256, 1);
    int n = fixture.length();
    try (TorchEngine engine = TorchEngine.open(fixture.config(), fixture.checkpoint(), options)) {
      StepPlan plan = new StepPlan();
      fixture.row(plan, 0, n - 1, 0, n - 1);
      float[][] logits = new float[n][];
      System.arraycopy(engine.logits(plan), 0, logits, 0, n - 1);
      plan.clear();
      fixture.row(plan, n - 1, n, 0, n);
      logits[n - 1] = engine.logits(plan)[0];

      // Where two experts are nearly as good as each other, rounding may choose the other one.
      boolean experts = ExpertProgram.in(fixture.config());
      assertThat(fixture.error(logits, 0)).isBetween(1e-4, experts ? 1 : 0.2);
      assertThat(fixture.divergence(logits)).isLessThan(experts ? 0.05 : 0.02);
      assertThat(fixture.agreement(logits)).isGreaterThan(0.85);
    }
  }
}
