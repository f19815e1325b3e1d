package dev.outcrop.bench.scenario;

import java.time.Duration;

/** How long something goes on. */
public sealed interface Extent {
  /** Until so many requests were sent; of shapes with turns, so many conversations. */
  record Requests(int count) implements Extent {}

  /** For so long. */
  record Lasting(Duration time) implements Extent {}
}
