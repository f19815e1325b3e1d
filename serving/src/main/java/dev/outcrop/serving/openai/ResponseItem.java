package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;

/** An output item of a response while it comes. Used by one thread. */
sealed interface ResponseItem {
  /** It goes on. */
  String IN_PROGRESS = "in_progress";

  /** It is whole. */
  String COMPLETED = "completed";

  /** It broke off. */
  String INCOMPLETE = "incomplete";

  /** The item's id. */
  String id();

  /** The item as it is so far. */
  ObjectNode json(String status);

  /** The item before anything came. */
  ObjectNode empty();

  /** An item whose text comes as one part. */
  sealed interface OfParts extends ResponseItem {
    /** The part as it is so far. */
    ObjectNode part();

    /** What comes before {@code delta} and {@code done} in the names of its events. */
    String event();
  }

  /** A message of the assistant. */
  record Message(String id, StringBuilder text, List<GenerationEvent.TokenLogprob> logprobs)
      implements OfParts {
    Message(String id) {
      this(id, new StringBuilder(), new ArrayList<>());
    }

    @Override
    public ObjectNode part() {
      ObjectNode part = Json.object().put("type", "output_text").put("text", text.toString());
      part.putArray("annotations");
      part.set("logprobs", Logprobs.tokens(logprobs));
      return part;
    }

    @Override
    public String event() {
      return "response.output_text";
    }

    @Override
    public ObjectNode empty() {
      ObjectNode item = ResponseItem.item(id, "message", IN_PROGRESS).put("role", "assistant");
      item.putArray("content");
      return item;
    }

    @Override
    public ObjectNode json(String status) {
      return ResponseItem.filled(empty(), status, part());
    }

    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Message[characters=%d]".formatted(text.length());
    }
  }

  /** Reasoning, in the clear; there is no summary. */
  record Reasoning(String id, StringBuilder text) implements OfParts {
    Reasoning(String id) {
      this(id, new StringBuilder());
    }

    @Override
    public ObjectNode part() {
      return Json.object().put("type", "reasoning_text").put("text", text.toString());
    }

    @Override
    public String event() {
      return "response.reasoning_text";
    }

    @Override
    public ObjectNode empty() {
      ObjectNode item = ResponseItem.item(id, "reasoning", IN_PROGRESS);
      item.putArray("summary");
      item.putArray("content");
      return item;
    }

    @Override
    public ObjectNode json(String status) {
      return ResponseItem.filled(empty(), status, part());
    }

    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Reasoning[characters=%d]".formatted(text.length());
    }
  }

  /**
   * A call of a tool.
   *
   * @param start how it began
   * @param arguments its arguments so far
   * @param source what the model wrote for it so far
   */
  record Call(
      String id, GenerationEvent.ToolStart start, StringBuilder arguments, StringBuilder source)
      implements ResponseItem {
    Call(String id, GenerationEvent.ToolStart start) {
      this(id, start, new StringBuilder(), new StringBuilder(start.source()));
    }

    @Override
    public ObjectNode empty() {
      return call("", IN_PROGRESS);
    }

    @Override
    public ObjectNode json(String status) {
      return call(arguments.toString(), status);
    }

    private ObjectNode call(String given, String status) {
      return ResponseItem.item(id, "function_call", status)
          .put("call_id", "call_" + start.id())
          .put("name", start.name())
          .put("arguments", given);
    }

    /** Redacted: arguments are never logged. */
    @Override
    public String toString() {
      return "Call[characters=%d]".formatted(arguments.length());
    }
  }

  private static ObjectNode item(String id, String type, String status) {
    return Json.object().put("id", id).put("type", type).put("status", status);
  }

  private static ObjectNode filled(ObjectNode empty, String status, ObjectNode part) {
    empty.put("status", status);
    ArrayNode content = empty.withArray("content");
    content.add(part);
    return empty;
  }
}
