package dev.outcrop.batching.loop;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.RowWork;
import dev.outcrop.models.engine.Engine;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Makes batchers; called by the wiring of a server and by benchmarks. */
public final class Batchers {
  /** How long a step may take of whose kind none ran before. */
  public static final Duration DEFAULT_UNKNOWN_STEP = Duration.ofSeconds(30);

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
    return start(name, engine, config, nanoClock, DEFAULT_UNKNOWN_STEP);
  }

  /**
   * Starts the engine thread of a model.
   *
   * @param name the model's name, for the thread
   * @param engine the engine, used by that thread alone from now on and closed with the batcher
   * @param config the limits
   * @param nanoClock {@link System#nanoTime} or a test's clock
   * @param unknownStep how long a step may take of whose kind none ran before, and a loop with work
   *     may be without a step; others may take ten times what they are expected to, and five
   *     seconds at least
   */
  public static Batcher start(
      String name,
      Engine engine,
      BatchingConfig config,
      LongSupplier nanoClock,
      Duration unknownStep) {
    return start(name, engine, config, nanoClock, unknownStep, RowWork.TOKENS);
  }

  /**
   * The same with the engine's time split over tenants.
   *
   * @param work what rows take of a step, for {@link Batcher#engineTimes}
   */
  public static Batcher start(
      String name,
      Engine engine,
      BatchingConfig config,
      LongSupplier nanoClock,
      Duration unknownStep,
      RowWork work) {
    EngineBatcher batcher = new EngineBatcher(name, engine, config, nanoClock, unknownStep, work);
    batcher.start();
    return batcher;
  }
}
