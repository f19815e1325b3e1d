package dev.outcrop.serving.bedrock;

import dev.outcrop.serving.json.Fields;
import java.util.List;

/**
 * The cachePoints of a request, which are the same in several unions; the cache itself needs none.
 * Used for one request.
 */
final class CachePoints {
  private static final int MOST = 4;

  private int count;

  /** Checks and counts the cachePoint of a block. */
  void add(Fields block) {
    Fields point = block.object("cachePoint");
    if (point.choiceOrNull("type", List.of("default")) == null) {
      throw point.bad("type", "is required");
    }
    point.choiceOrNull("ttl", List.of("5m", "1h"));
    count++;
    if (count > MOST) {
      throw Fields.invalid(
          "%s is one cachePoint too many: a request may have %d.".formatted(point.path(), MOST));
    }
  }

  /** Whether there is one. */
  boolean any() {
    return count > 0;
  }
}
