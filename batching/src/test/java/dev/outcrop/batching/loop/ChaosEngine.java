package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;

/** An engine that runs compiled shapes only, if any, and says when it is closed. */
record ChaosEngine(Engine engine, boolean shaped, Runnable closed) implements Engine {
  @Override
  public KvGeometry geometry() {
    return engine.geometry();
  }

  @Override
  public int ropeForm(int tokens) {
    return engine.ropeForm(tokens);
  }

  @Override
  public int stages() {
    return engine.stages();
  }

  @Override
  public Pending submit(StepPlan plan) {
    assertThat(plan.shapeRows() > 0).as("a step has a shape").isEqualTo(shaped);
    return engine.submit(plan);
  }

  @Override
  public void close() {
    engine.close();
    closed.run();
  }
}
