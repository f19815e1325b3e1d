package dev.outcrop.models.text;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds stop strings in a text that comes in pieces, across the borders of the pieces. Held back is
 * only what may still be the start of a stop string. The match that ends first wins; of those that
 * end together, the longest. The outcome does not depend on how the text was cut. Work per
 * character grows with the number of stop strings, not with their length (one Knuth-Morris-Pratt
 * automaton each). For one thread.
 */
public final class StopStrings {
  /** The most stop strings. */
  public static final int MAX_STRINGS = 2_500;

  /** The most characters in all stop strings together. */
  public static final int MAX_CHARACTERS = 100_000;

  private final String[] stops;
  private final int[][] borders;
  private final int[] matched;
  private final StringBuilder pending = new StringBuilder();
  private @Nullable String match;

  /**
   * Prepares for one text.
   *
   * @param stops the stop strings, not empty ones, within the limits; a codec refuses others before
   */
  public StopStrings(List<String> stops) {
    long characters = stops.stream().mapToLong(String::length).sum();
    if (stops.size() > MAX_STRINGS
        || characters > MAX_CHARACTERS
        || stops.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException(
          "stop strings: at most %d, none empty, %d characters in all"
              .formatted(MAX_STRINGS, MAX_CHARACTERS));
    }
    this.stops = stops.toArray(String[]::new);
    borders = new int[this.stops.length][];
    for (int i = 0; i < borders.length; i++) {
      borders[i] = borders(this.stops[i]);
    }
    matched = new int[this.stops.length];
  }

  /** Takes the next piece; gives the text that comes before any stop string for certain. */
  public String accept(String text) {
    if (match != null) {
      return "";
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      pending.append(c);
      String found = advance(c);
      if (found != null) {
        match = found;
        pending.setLength(pending.length() - found.length());
        return taken(pending.length());
      }
    }
    int keep = 0;
    for (int length : matched) {
      keep = Math.max(keep, length);
    }
    return taken(pending.length() - keep);
  }

  /**
   * Ends a stretch of text that no stop string reaches beyond; gives what was held back, nothing
   * after a match.
   */
  public String flush() {
    Arrays.fill(matched, 0);
    return match == null ? taken(pending.length()) : "";
  }

  /** The stop string that was met, or null. */
  public @Nullable String match() {
    return match;
  }

  private @Nullable String advance(char c) {
    @Nullable String found = null;
    for (int i = 0; i < stops.length; i++) {
      String stop = stops[i];
      int length = matched[i];
      while (length > 0 && stop.charAt(length) != c) {
        length = borders[i][length - 1];
      }
      matched[i] = stop.charAt(length) == c ? length + 1 : 0;
      if (matched[i] == stop.length() && (found == null || stop.length() > found.length())) {
        found = stop;
      }
      if (matched[i] == stop.length()) {
        matched[i] = borders[i][stop.length() - 1];
      }
    }
    return found;
  }

  private String taken(int length) {
    int end = length;
    // A pair of surrogates stays together, whatever a stop string starts with.
    if (end > 0 && end < pending.length() && Character.isHighSurrogate(pending.charAt(end - 1))) {
      end--;
    }
    String text = pending.substring(0, end);
    pending.delete(0, end);
    return text;
  }

  private static int[] borders(String stop) {
    int[] borders = new int[stop.length()];
    int length = 0;
    for (int i = 1; i < borders.length; i++) {
      while (length > 0 && stop.charAt(length) != stop.charAt(i)) {
        length = borders[length - 1];
      }
      if (stop.charAt(length) == stop.charAt(i)) {
        length++;
      }
      borders[i] = length;
    }
    return borders;
  }
}
