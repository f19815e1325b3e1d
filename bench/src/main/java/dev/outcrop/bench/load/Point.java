package dev.outcrop.bench.load;

import dev.outcrop.bench.report.LoadFigures;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A load that is held steady and measured by itself. */
sealed interface Point {
  /**
   * Poisson arrivals, or those of another gamma distribution.
   *
   * @param conversations whether what arrives is a conversation of several requests
   */
  record Open(double rate, double burstiness, boolean conversations) implements Point {}

  /** The times of a trace. */
  record Replayed(double speed) implements Point {}

  /** So many users who wait for their answers. */
  record Closed(int users) implements Point {}

  /** Its name in tables. */
  default String label() {
    return switch (this) {
      case Open(double rate, double burstiness, boolean conversations) ->
          String.format(Locale.ROOT, "%.4g%s/s", rate, conversations ? " conversations" : "")
              + (burstiness == 1 ? "" : String.format(Locale.ROOT, " burst %.3g", burstiness));
      case Replayed(double speed) -> String.format(Locale.ROOT, "trace x%.4g", speed);
      case Closed(int users) -> users == 1 ? "1 user" : users + " users";
    };
  }

  /** What it is, for a result. */
  default Map<String, Object> described() {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put(LoadFigures.POINT, label());
    switch (this) {
      case Open(double rate, double burstiness, boolean conversations) -> {
        described.put(LoadFigures.LOOP, "open");
        described.put(conversations ? LoadFigures.CONVERSATION_RATE : LoadFigures.RATE, rate);
        described.put(LoadFigures.BURSTINESS, burstiness);
      }
      case Replayed(double speed) -> {
        described.put(LoadFigures.LOOP, "replay");
        described.put(LoadFigures.SPEED, speed);
      }
      case Closed(int users) -> {
        described.put(LoadFigures.LOOP, "closed");
        described.put(LoadFigures.CONCURRENCY, users);
      }
    }
    return described;
  }
}
