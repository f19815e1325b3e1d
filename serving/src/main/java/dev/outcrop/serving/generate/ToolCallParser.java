package dev.outcrop.serving.generate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Takes tool calls out of a completion in the Hermes form, {@code <tool_call>{"name": ..,
 * "arguments": {..}}</tool_call>}, the form of Qwen and of the demo model. What looks like a call
 * but is none, or calls a tool that was not offered, stays text, unchanged. White space around
 * calls is dropped. Used by one thread.
 */
final class ToolCallParser {
  private static final String OPEN = "<tool_call>";
  private static final String CLOSE = "</tool_call>";

  private final Json json;
  private final Set<String> offered;
  private final Supplier<String> ids;
  private String buffer = "";
  private boolean inside;
  private boolean afterCall;

  ToolCallParser(Json json, Set<String> offered, Supplier<String> ids) {
    this.json = json;
    this.offered = Set.copyOf(offered);
    this.ids = ids;
  }

  /** A piece of what a completion is made of. */
  sealed interface Piece {
    /** Text. */
    record Plain(String text) implements Piece {}

    /** A call. */
    record Call(GenerationEvent.ToolCall call) implements Piece {}
  }

  /** What is known to be text or a call after more of the completion came. */
  List<Piece> add(String text) {
    buffer += text;
    List<Piece> pieces = new ArrayList<>();
    while (true) {
      int at = buffer.indexOf(inside ? CLOSE : OPEN);
      if (at < 0) {
        break;
      }
      if (inside) {
        call(buffer.substring(0, at), true, pieces);
        buffer = buffer.substring(at + CLOSE.length());
      } else {
        plain(buffer.substring(0, at).stripTrailing(), pieces);
        buffer = buffer.substring(at + OPEN.length());
      }
      inside = !inside;
    }
    if (!inside) {
      int keep = heldBack();
      plain(buffer.substring(0, buffer.length() - keep), pieces);
      buffer = buffer.substring(buffer.length() - keep);
    }
    return pieces;
  }

  /** What is left at the end; a call that was not closed counts if it is whole. */
  List<Piece> finish() {
    List<Piece> pieces = new ArrayList<>();
    if (inside) {
      call(buffer, false, pieces);
    } else if (!afterCall || !buffer.isBlank()) {
      plain(buffer, pieces);
    }
    buffer = "";
    inside = false;
    return pieces;
  }

  /** White space and a possible start of a call at the end of the buffer wait for what follows. */
  private int heldBack() {
    int keep = Overlap.of(buffer, OPEN);
    String before = buffer.substring(0, buffer.length() - keep);
    return keep + before.length() - before.stripTrailing().length();
  }

  private void plain(String text, List<Piece> pieces) {
    String shown = afterCall ? text.stripLeading() : text;
    if (!shown.isEmpty()) {
      afterCall = false;
      pieces.add(new Piece.Plain(shown));
    }
  }

  private void call(String body, boolean closed, List<Piece> pieces) {
    ObjectNode node = json.tryObject(body.strip());
    if (node != null && isOffered(node.path("name"))) {
      ObjectNode arguments = arguments(node);
      if (arguments != null) {
        afterCall = true;
        String name = node.path("name").textValue();
        pieces.add(new Piece.Call(new GenerationEvent.ToolCall(ids.get(), name, arguments)));
        return;
      }
    }
    afterCall = false;
    pieces.add(new Piece.Plain(OPEN + body + (closed ? CLOSE : "")));
  }

  private boolean isOffered(JsonNode name) {
    return name.isTextual() && offered.contains(name.textValue());
  }

  private @org.jspecify.annotations.Nullable ObjectNode arguments(ObjectNode call) {
    JsonNode arguments = call.has("arguments") ? call.get("arguments") : call.get("parameters");
    if (arguments == null || arguments.isNull()) {
      return Json.object();
    }
    if (arguments.isTextual()) {
      return json.tryObject(arguments.textValue());
    }
    return arguments instanceof ObjectNode object ? object : null;
  }
}
