package dev.outcrop.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The query of a list operation of the control plane, read with its constraints. Used by the thread
 * of the request.
 *
 * @param exchange the request
 */
public record ListQuery(Exchange exchange) {
  private static final int MOST = 1_000;
  private static final int MAX_TOKEN = 2_048;
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,4}");

  /** A value of a pattern, or null where there is none. */
  public @Nullable String text(String name, Pattern pattern) {
    String value = exchange.query(name);
    if (value != null && !pattern.matcher(value).matches()) {
      throw invalid(name, "Member must satisfy regular expression pattern: " + pattern);
    }
    return value;
  }

  /** One of a few values, or null where there is none. */
  public @Nullable String choice(String name, List<String> values) {
    String value = exchange.query(name);
    if (value != null && !values.contains(value)) {
      throw invalid(name, "Member must satisfy enum value set: " + values);
    }
    return value;
  }

  /** A time, or null where there is none. */
  public @Nullable Instant time(String name) {
    String value = exchange.query(name);
    if (value == null) {
      return null;
    }
    try {
      return Instant.parse(value);
    } catch (DateTimeParseException e) {
      throw invalid(name, "Member must be a timestamp in ISO 8601");
    }
  }

  /**
   * A page of a list.
   *
   * @param all the whole list, in its order
   * @param key what tells items apart
   * @param member the name of the list in the answer
   * @param writer how an item is written
   */
  public <T> ObjectNode page(
      List<T> all, Function<T, String> key, String member, Function<T, ObjectNode> writer) {
    int most = maxResults(MOST);
    int from = from(all, key);
    ObjectNode answer = Json.object();
    ArrayNode items = answer.putArray(member);
    List<T> page = all.subList(from, Math.min(all.size(), from + most));
    page.forEach(item -> items.add(writer.apply(item)));
    if (from + page.size() < all.size()) {
      answer.put("nextToken", token(key.apply(page.getLast())));
    }
    return answer;
  }

  /** How many items a page holds at most; so many where the query does not say. */
  public int maxResults(int otherwise) {
    String value = exchange.query("maxResults");
    if (value == null) {
      return otherwise;
    }
    int number = NUMBER.matcher(value).matches() ? Integer.parseInt(value) : -1;
    if (number < 1 || number > MOST) {
      throw invalid("maxResults", "Member must have value between 1 and " + MOST);
    }
    return number;
  }

  /** A page goes on behind the last item of the one before, whatever came or went meanwhile. */
  private <T> int from(List<T> all, Function<T, String> key) {
    String token = token();
    if (token == null) {
      return 0;
    }
    for (int i = 0; i < all.size() && token.length() <= MAX_TOKEN; i++) {
      if (token(key.apply(all.get(i))).equals(token)) {
        return i + 1;
      }
    }
    throw badToken();
  }

  /** What the page before gave, or null for the first. */
  public @Nullable String token() {
    return exchange.query("nextToken");
  }

  /** The token is none of this operation's. */
  public static OutcropException badToken() {
    return Fields.invalid("The provided nextToken is invalid.");
  }

  private static String token(String key) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(key.getBytes(StandardCharsets.UTF_8));
  }

  /** Never with the value in it. */
  public static OutcropException invalid(String name, String constraint) {
    return Fields.invalid(
        "1 validation error detected: Value at '%s' failed to satisfy constraint: %s"
            .formatted(name, constraint));
  }
}
