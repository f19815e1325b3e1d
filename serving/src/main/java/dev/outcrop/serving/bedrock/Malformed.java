package dev.outcrop.serving.bedrock;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.json.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What Bedrock says of bodies that break the schema of a model. Never with a value in it. */
final class Malformed {
  private Malformed() {}

  /**
   * Refuses a body without all the keys that it needs, or with others than it may have.
   *
   * @param required keys that it needs
   * @param known keys that it may have, these included
   */
  static void checkKeys(Fields body, List<String> required, Set<String> known) {
    List<String> violations = new ArrayList<>();
    for (String key : required) {
      if (!body.has(key)) {
        violations.add("#: required key [%s] not found".formatted(key));
      }
    }
    for (String key : body.names()) {
      if (!known.contains(key) && !key.startsWith("amazon-bedrock-")) {
        violations.add("#: extraneous key [%s] is not permitted".formatted(key));
      }
    }
    if (!violations.isEmpty()) {
      throw of(String.join("", violations));
    }
  }

  /** Refuses a text of too few or too many characters. */
  static void checkLength(String pointer, String text, int min, int max) {
    if (text.length() < min) {
      throw of("#/%s: expected minLength: %d, actual: %d".formatted(pointer, min, text.length()));
    }
    if (text.length() > max) {
      throw of("#/%s: expected maxLength: %d, actual: %d".formatted(pointer, max, text.length()));
    }
  }

  /** Refuses an array of too few or too many items. */
  static void checkCount(String pointer, int count, int min, int max) {
    if (count < min) {
      throw of("#/%s: expected minimum item count: %d, found: %d".formatted(pointer, min, count));
    }
    if (count > max) {
      throw of("#/%s: expected maximum item count: %d, found: %d".formatted(pointer, max, count));
    }
  }

  /** A body that breaks the schema in this way. */
  static OutcropException of(String violation) {
    return Fields.invalid(
        "Malformed input request: %s, please reformat your input and try again."
            .formatted(violation));
  }
}
