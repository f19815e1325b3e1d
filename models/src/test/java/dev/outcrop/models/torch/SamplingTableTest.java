package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.TokenConstraint;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a step's constraints come to. */
final class SamplingTableTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aConstraintThatFailsCostsItsOwnRowAlone(boolean stack) {
    TokenConstraint broken =
        (history, prompt, length) -> {
          if (stack) {
            throw new StackOverflowError();
          }
          throw new IllegalStateException("broken");
        };
    int[] history = {5, 6};
    StepPlan plan = new StepPlan();
    plan.row(0);
    plan.tokens(history, 0, 2);
    plan.segment(0, 2);
    plan.sample(Sampling.GREEDY.constrained(broken), history, 2, 2);
    plan.row(0);
    plan.tokens(history, 0, 2);
    plan.segment(128, 2);
    plan.sample(Sampling.GREEDY, history, 2, 2);
    SamplingTable table = new SamplingTable(100);

    table.fill(plan);

    assertThat(table.size()).isEqualTo(2);
  }
}
