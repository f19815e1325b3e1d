package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Server-sent events (WHATWG HTML, section 9.2). JSON in one line needs no escape. */
final class Sse {
  static final String CONTENT_TYPE = "text/event-stream; charset=utf-8";

  /** What ends a stream of chunks. */
  static final byte[] DONE = bytes("data: [DONE]\n\n");

  private static final byte[] DATA = bytes("data: ");
  private static final byte[] END = bytes("\n\n");

  private Sse() {}

  /** An event without a name. */
  static byte[] data(Json json, ObjectNode data) {
    return joined(List.of(DATA, json.bytes(data), END));
  }

  /** An event of a name. */
  static byte[] event(Json json, String name, ObjectNode data) {
    return joined(List.of(bytes("event: " + name + "\n"), data(json, data)));
  }

  /** Some events as one piece. */
  static byte[] joined(List<byte[]> events) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    events.forEach(all::writeBytes);
    return all.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
