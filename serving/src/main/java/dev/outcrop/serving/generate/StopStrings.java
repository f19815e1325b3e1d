package dev.outcrop.serving.generate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds stop strings in text that comes in pieces. Text that may be the start of a stop string is
 * held back. Used by one thread.
 */
final class StopStrings {
  private final List<String> stops;
  private String held = "";
  private @Nullable String found;

  StopStrings(List<String> stops) {
    this.stops = List.copyOf(stops);
  }

  /** The text that is safe to pass on after a piece; what follows a stop string is dropped. */
  String add(String piece) {
    if (stops.isEmpty()) {
      return piece;
    }
    String text = held + piece;
    int first = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = text.indexOf(stop);
      if (at >= 0 && at < first) {
        first = at;
        found = stop;
      }
    }
    if (found != null) {
      held = "";
      return text.substring(0, first);
    }
    int keep = 0;
    for (String stop : stops) {
      keep = Math.max(keep, Overlap.of(text, stop));
    }
    held = text.substring(text.length() - keep);
    return text.substring(0, text.length() - keep);
  }

  /** What is held back at the end of the completion. */
  String finish() {
    String rest = held;
    held = "";
    return rest;
  }

  /** The stop string that was met, or null. */
  @Nullable String found() {
    return found;
  }
}
