package dev.outcrop.batching.loop;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.models.engine.Engine;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Makes batchers; called by the wiring of a server and by benchmarks. */
public final class Batchers {
  /** How long a loop with work may bring nothing before it counts as dead. */
  public static final Duration DEFAULT_STALL_AFTER = Duration.ofSeconds(30);

  private Batchers() {}

  /**
   * Starts the engine thread of a model.
   *
   * @param name the model's name, for the thread
   * @param engine the engine, used by that thread alone from now on and closed with the batcher
   * @param config the limits
   * @param nanoClock {@link System#nanoTime} or a test's clock
   */
  public static Batcher start(
      String name, Engine engine, BatchingConfig config, LongSupplier nanoClock) {
    return start(name, engine, config, nanoClock, DEFAULT_STALL_AFTER);
  }

  /**
   * Starts the engine thread of a model.
   *
   * @param name the model's name, for the thread
   * @param engine the engine, used by that thread alone from now on and closed with the batcher
   * @param config the limits
   * @param nanoClock {@link System#nanoTime} or a test's clock
   * @param stallAfter how long a loop with work may bring nothing before it is no longer alive;
   *     four times the longest step so far where that is longer
   */
  public static Batcher start(
      String name,
      Engine engine,
      BatchingConfig config,
      LongSupplier nanoClock,
      Duration stallAfter) {
    EngineBatcher batcher = new EngineBatcher(name, engine, config, nanoClock, stallAfter);
    batcher.start();
    return batcher;
  }
}
