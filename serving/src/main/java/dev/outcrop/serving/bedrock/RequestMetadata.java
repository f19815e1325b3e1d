package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The labels that a caller puts on a request: a member of a Converse body, a header of InvokeModel.
 * They are checked; Bedrock shows them in its invocation log, which is none of ours. One of them,
 * {@code feature}, says what tokens are counted under.
 */
final class RequestMetadata {
  private static final String MEMBER = "requestMetadata";
  private static final String HEADER = "X-Amzn-Bedrock-Request-Metadata";
  private static final String FEATURE = "feature";
  private static final int MAX_HEADER = 8_500;
  private static final int MAX_ENTRIES = 16;
  private static final Pattern ALLOWED = Pattern.compile("[a-zA-Z0-9\\s:_@$#=/+,.-]{0,256}");

  private RequestMetadata() {}

  /** Checks the body of Converse. */
  static void check(Fields body) {
    Fields metadata = body.objectOrNull(MEMBER);
    if (metadata != null) {
      check(body, MEMBER, metadata);
    }
  }

  /** The feature that a checked body of Converse names; empty where it names none. */
  static String feature(Fields body) {
    Fields metadata = body.objectOrNull(MEMBER);
    return metadata == null ? "" : metadata.node().path(FEATURE).asText();
  }

  /** Checks the headers of InvokeModel, and answers the feature likewise. */
  static String check(Exchange exchange, Json json) {
    String text = exchange.header(HEADER);
    if (text == null || text.isEmpty()) {
      return "";
    }
    Fields headers = Fields.of(Json.object().put(HEADER, text));
    headers.string(HEADER, 0, MAX_HEADER);
    ObjectNode metadata = json.tryObject(text);
    if (metadata == null) {
      throw headers.bad(HEADER, "must be a JSON object");
    }
    check(headers, HEADER, new Fields(metadata, HEADER));
    return metadata.path(FEATURE).asText();
  }

  private static void check(Fields parent, String name, Fields metadata) {
    List<String> keys = metadata.names();
    if (keys.isEmpty() || keys.size() > MAX_ENTRIES) {
      throw parent.bad(name, "must hold between 1 and %d entries".formatted(MAX_ENTRIES));
    }
    for (String key : keys) {
      if (key.isEmpty()
          || !ALLOWED.matcher(key).matches()
          || !ALLOWED.matcher(metadata.string(key, 0, 256)).matches()) {
        throw parent.bad(name, "has a key or value that is not allowed");
      }
    }
  }
}
