package dev.outcrop.batching.loop;

import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;

/** An engine that says when it is closed. */
record ChaosEngine(Engine engine, Runnable closed) implements Engine {
  @Override
  public KvGeometry geometry() {
    return engine.geometry();
  }

  @Override
  public Pending submit(StepPlan plan) {
    return engine.submit(plan);
  }

  @Override
  public void close() {
    engine.close();
    closed.run();
  }
}
