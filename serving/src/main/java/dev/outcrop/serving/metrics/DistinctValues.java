package dev.outcrop.serving.metrics;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The values of a label that others choose: the first so many of them, and {@link #OTHER} for all
 * that come later, so that nobody can make the page longer and longer. Safe to use from any thread.
 */
final class DistinctValues {
  /** What stands for a value that is one too many, too long, or no text. */
  static final String OTHER = "other";

  private static final int LONGEST = 128;

  private final Set<String> known = ConcurrentHashMap.newKeySet();

  /** How many of them each owner brought; guarded by {@link #known}. */
  private final Map<String, Integer> brought = new HashMap<>();

  private final int most;

  DistinctValues(int most) {
    this.most = most;
  }

  /** A value as the label has it. */
  String of(String value) {
    return isShortText(value) && (known.contains(value) || fits(value)) ? value : OTHER;
  }

  /**
   * The same for a value that somebody chose. Nobody takes all that are left: who has brought some
   * brings another only while more than those are free.
   */
  String of(String value, String owner) {
    return isShortText(value) && (known.contains(value) || brings(value, owner)) ? value : OTHER;
  }

  /**
   * Halves of a pair alone would all be written as the same {@code ?}: one series, several lines.
   */
  private static boolean isShortText(String value) {
    return value.length() <= LONGEST
        && value
            .codePoints()
            .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  private boolean fits(String value) {
    if (known.size() >= most) {
      return false;
    }
    synchronized (known) {
      return known.contains(value) || (known.size() < most && known.add(value));
    }
  }

  private boolean brings(String value, String owner) {
    if (known.size() >= most) {
      return false;
    }
    synchronized (known) {
      if (known.contains(value)) {
        return true;
      }
      int before = brought.getOrDefault(owner, 0);
      if (most - known.size() <= before) {
        return false;
      }
      brought.put(owner, before + 1);
      return known.add(value);
    }
  }
}
