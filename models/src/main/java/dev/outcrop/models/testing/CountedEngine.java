package dev.outcrop.models.testing;

import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;

/**
 * Another engine, of which a test may ask how many steps were in flight at a time and whether it is
 * closed. The batching loop's thread calls it, a test reads it from its own.
 */
public final class CountedEngine implements Engine {
  private final Engine engine;
  private int inFlight;
  private volatile int most;
  private volatile boolean closed;

  /** Counts the steps of an engine. */
  public CountedEngine(Engine engine) {
    this.engine = engine;
  }

  /** The most steps that were in flight at a time. */
  public int most() {
    return most;
  }

  /** Whether it is closed. */
  public boolean isClosed() {
    return closed;
  }

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
    Pending pending = engine.submit(plan);
    most = Math.max(most, ++inFlight);
    return () -> {
      StepResult result = pending.await();
      inFlight--;
      return result;
    };
  }

  @Override
  public void close() {
    engine.close();
    closed = true;
  }
}
