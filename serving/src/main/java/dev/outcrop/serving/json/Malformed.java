package dev.outcrop.serving.json;

import dev.outcrop.models.OutcropException;
import java.util.List;
import java.util.Set;

/** What Bedrock says of bodies that break the schema of a model. Never with a value in it. */
public final class Malformed {
  private Malformed() {}

  /**
   * Refuses a body without all the keys that it needs, or with others than it may have.
   *
   * @param required keys that it needs
   * @param known keys that it may have, these included
   */
  public static void checkKeys(Fields body, List<String> required, Set<String> known) {
    Violations violations = new Violations();
    required.stream().filter(key -> !body.has(key)).forEach(violations::missing);
    for (String key : body.names()) {
      if (!known.contains(key)) {
        violations.extraneous(body, "", key);
      }
    }
    violations.refuse();
  }

  /** Refuses a text of too few or too many characters. */
  public static void checkLength(String pointer, String text, int min, int max) {
    if (text.length() < min) {
      throw of("#/%s: expected minLength: %d, actual: %d".formatted(pointer, min, text.length()));
    }
    if (text.length() > max) {
      throw of("#/%s: expected maxLength: %d, actual: %d".formatted(pointer, max, text.length()));
    }
  }

  /** Refuses an array of too few or too many items. */
  public static void checkCount(String pointer, int count, int min, int max) {
    if (count < min) {
      throw of("#/%s: expected minimum item count: %d, found: %d".formatted(pointer, min, count));
    }
    if (count > max) {
      throw of("#/%s: expected maximum item count: %d, found: %d".formatted(pointer, max, count));
    }
  }

  /** A body that breaks the schema in this way. */
  public static OutcropException of(String violation) {
    return Fields.invalid(
        "Malformed input request: %s, please reformat your input and try again."
            .formatted(violation));
  }
}
