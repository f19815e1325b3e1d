package dev.outcrop.bench.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.OutcropException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The keys of one mapping of a scenario file. Each is read once by its type and bounds; what is
 * wrong is said in one sentence with the key's whole name, and {@link #end} refuses what nobody
 * read.
 */
final class Keys {
  private static final Pattern TIME = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h)");

  private final String file;
  private final String path;
  private final JsonNode node;
  private final Set<String> read = new HashSet<>();

  private Keys(String file, String path, JsonNode node) {
    this.file = file;
    this.path = path;
    this.node = node;
  }

  /** The keys of a file. */
  static Keys of(String file, JsonNode root) {
    Keys keys = new Keys(file, "", root);
    if (!root.isObject()) {
      throw ScenarioError.SCENARIO_INVALID.because("%s: must hold keys".formatted(file));
    }
    return keys;
  }

  boolean has(String key) {
    return node.hasNonNull(key);
  }

  /** A mapping; an empty one where the key is there without a value. */
  Keys section(String key) {
    JsonNode value = take(key);
    if (!value.isObject() && !value.isNull()) {
      throw wrong(key, "must hold keys");
    }
    return new Keys(file, name(key) + ".", value);
  }

  /** The one key that is there of those that are possible. */
  String choice(List<String> possible) {
    List<String> there = new ArrayList<>();
    node.fieldNames().forEachRemaining(there::add);
    if (there.size() != 1 || !possible.contains(there.getFirst())) {
      throw ScenarioError.SCENARIO_INVALID.because(
          "%s: %s must hold one of %s, was %s"
              .formatted(
                  file,
                  path.substring(0, Math.max(0, path.length() - 1)),
                  String.join(", ", possible),
                  there.isEmpty() ? "empty" : String.join(", ", there)));
    }
    return there.getFirst();
  }

  String text(String key, String absent) {
    if (!has(key)) {
      return absent(key, absent);
    }
    JsonNode value = take(key);
    if (!value.isValueNode() || value.asText().isBlank()) {
      throw wrong(key, "must be a text");
    }
    return value.asText();
  }

  boolean yes(String key, boolean absent) {
    if (!has(key)) {
      return absent(key, absent);
    }
    JsonNode value = take(key);
    if (!value.isBoolean()) {
      throw wrong(key, "must be true or false");
    }
    return value.booleanValue();
  }

  int count(String key, int least, int most) {
    return count(key, take(key), least, most);
  }

  int count(String key, int absent, int least, int most) {
    return has(key) ? count(key, least, most) : absent(key, absent);
  }

  double number(String key, double least, double most) {
    return number(key, take(key), least, most);
  }

  double number(String key, double absent, double least, double most) {
    return has(key) ? number(key, least, most) : absent(key, absent);
  }

  long whole(String key) {
    JsonNode value = take(key);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong(key, "must be a whole number");
    }
    return value.longValue();
  }

  /** One number or a list of them. */
  List<Double> numbers(String key, double least, double most) {
    return items(key).stream().map(item -> number(key, item, least, most)).toList();
  }

  /** One whole number or a list of them. */
  List<Integer> counts(String key, int least, int most) {
    return items(key).stream().map(item -> count(key, item, least, most)).toList();
  }

  /** A time with its unit, such as {@code 500ms} or {@code 2m}. */
  Duration time(String key, Duration absent) {
    return has(key) ? time(key) : absent(key, absent);
  }

  Duration time(String key) {
    Matcher matcher = TIME.matcher(take(key).asText());
    if (!matcher.matches()) {
      throw wrong(key, "must be a time such as 500ms, 30s, 10m or 1h");
    }
    double seconds =
        Double.parseDouble(matcher.group(1))
            * switch (matcher.group(2)) {
              case "ms" -> 1e-3;
              case "s" -> 1;
              case "m" -> 60;
              default -> 3_600;
            };
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }

  /** Whether a key holds a plain number. */
  boolean isNumber(String key) {
    return node.path(key).isNumber();
  }

  /** Refuses keys that nobody asked for. */
  void end() {
    node.fieldNames()
        .forEachRemaining(
            key -> {
              if (!read.contains(key)) {
                throw ScenarioError.SCENARIO_INVALID.because(
                    "%s: %s is no key of a scenario".formatted(file, name(key)));
              }
            });
  }

  /** The error of a key. */
  OutcropException wrong(String key, String must) {
    JsonNode value = node.path(key);
    String was =
        value.isMissingNode() ? "missing" : "was " + (value.isTextual() ? value.asText() : value);
    return ScenarioError.SCENARIO_INVALID.because(
        value.isMissingNode()
            ? "%s: %s is missing, it %s".formatted(file, name(key), must)
            : "%s: %s %s, %s".formatted(file, name(key), must, was));
  }

  private List<JsonNode> items(String key) {
    JsonNode value = take(key);
    if (!value.isArray()) {
      return List.of(value);
    }
    List<JsonNode> items = new ArrayList<>();
    value.forEach(items::add);
    if (items.isEmpty()) {
      throw wrong(key, "must not be empty");
    }
    return items;
  }

  private int count(String key, JsonNode value, int least, int most) {
    if (!value.isIntegralNumber() || value.longValue() < least || value.longValue() > most) {
      throw wrong(key, "must be a whole number from %d to %d".formatted(least, most));
    }
    return value.intValue();
  }

  private double number(String key, JsonNode value, double least, double most) {
    if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
      throw wrong(key, "must be a number from %s to %s".formatted(plain(least), plain(most)));
    }
    return value.doubleValue();
  }

  private static String plain(double bound) {
    return BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString();
  }

  private JsonNode take(String key) {
    read.add(key);
    return node.path(key);
  }

  private <T> T absent(String key, T value) {
    read.add(key);
    return value;
  }

  private String name(String key) {
    return path + key;
  }
}
