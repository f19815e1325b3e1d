package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;

/** Steps that an engine of a fixture has to take right, whatever it is made of. */
final class FixtureSteps {
  private final Fixture fixture;
  private final StepPlan plan = new StepPlan();

  FixtureSteps(Fixture fixture) {
    this.fixture = fixture;
  }

  /** Moves the KV of 40 tokens and goes on from there. */
  void moveKv(TorchEngine engine) {
    plan.clear();
    fixture.row(plan, 0, 40, 64, 32, 0, 8);
    step(engine);
    plan.clear();
    plan.move(64, 256, 32);
    plan.move(0, 288, 8);
    fixture.row(plan, 40, 41, 256, 41);
    assertThat(step(engine).tokens()).containsExactly(fixture.best(41));
  }

  /** Draws where one token is certain, and tells two others. */
  void draw(TorchEngine engine) {
    plan.clear();
    fixture.row(plan, 0, 20, 0, 20);
    plan.sample(new Sampling(1e-38, 0, 1, 0, 1, 0, 0, 5, 2), fixture.tokens(), 15, 20);
    StepResult.Sampled drawn = step(engine);
    assertThat(drawn.tokens()).containsExactly(fixture.best(20));
    assertThat(drawn.topTokens()[0]).hasSize(2);
  }

  private StepResult.Sampled step(TorchEngine engine) {
    return (StepResult.Sampled) engine.submit(plan).await();
  }
}
