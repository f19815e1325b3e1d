package dev.outcrop.serving.anthropic;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.AnswerBlock;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Writes a Message, or the events of its stream. Used by one thread, for one request. */
final class MessagesAnswer implements BodyFormat.Request {
  private static final String MESSAGE_ID_PREFIX = "msg_bdrk_";
  private static final String TOOL_ID_PREFIX = "toolu_bdrk_";
  private static final String TYPE = "type";
  private static final String TEXT = "text";
  private static final String THINKING = "thinking";
  private static final String SIGNATURE = "signature";

  private final Json json;
  private final Generation generation;
  private final String id;
  private final String model;
  private final Shown shown;
  private final StringBuilder thought = new StringBuilder();
  private boolean started;
  private Open open = Open.NONE;
  private int block;

  /** The block that a stream is in. */
  private enum Open {
    NONE,
    TEXT,
    THINKING,
    TOOL_USE
  }

  /**
   * What an answer shows.
   *
   * @param cache whether a cache_control was set, so that usage tells cached tokens apart
   * @param thoughts whether the text of thoughts is shown
   */
  record Shown(boolean cache, boolean thoughts) {}

  /**
   * Creates a writer.
   *
   * @param id what is unique to the request
   * @param model the model id of the URL
   */
  MessagesAnswer(Json json, Generation generation, String id, String model, Shown shown) {
    this.json = json;
    this.generation = generation;
    this.id = id;
    this.model = model;
    this.shown = shown;
  }

  @Override
  public Generation generation() {
    return generation;
  }

  @Override
  public boolean tellsCache() {
    return shown.cache();
  }

  @Override
  public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
    ObjectNode message = head();
    ArrayNode content = message.putArray("content");
    for (AnswerBlock part : AnswerBlock.of(events)) {
      switch (part) {
        case AnswerBlock.Text(var text) -> content.addObject().put(TYPE, TEXT).put(TEXT, text);
        case AnswerBlock.Reasoning(var text) ->
            content
                .addObject()
                .put(TYPE, THINKING)
                .put(THINKING, shown.thoughts() ? text : "")
                .put(SIGNATURE, signature(text));
        case AnswerBlock.Call(var callId, var name, var arguments) ->
            toolUse(callId, name, json.generated(arguments), content.addObject());
      }
    }
    message.put("stop_reason", stopReason(end));
    message.put("stop_sequence", end.stopString());
    message.set("usage", usage(end.usage()));
    return message;
  }

  @Override
  public List<ObjectNode> chunks(GenerationEvent event, int promptTokens) {
    List<ObjectNode> out = new ArrayList<>();
    if (!started) {
      started = true;
      out.add(start(promptTokens));
    }
    switch (event) {
      case GenerationEvent.Text(var text, _, _) -> {
        enter(Open.TEXT, Json.object().put(TYPE, TEXT).put(TEXT, ""), out);
        out.add(delta("text_delta", TEXT, text));
      }
      case GenerationEvent.Reasoning(var text, _) -> {
        enter(
            Open.THINKING,
            Json.object().put(TYPE, THINKING).put(THINKING, "").put(SIGNATURE, ""),
            out);
        thought.append(text);
        if (shown.thoughts()) {
          out.add(delta("thinking_delta", THINKING, text));
        }
      }
      case GenerationEvent.ToolStart call ->
          enter(Open.TOOL_USE, toolUse(call.id(), call.name(), Json.object(), Json.object()), out);
      case GenerationEvent.ToolArguments(var fragment, _) ->
          out.add(delta("input_json_delta", "partial_json", fragment));
      case GenerationEvent.ToolEnd _, GenerationEvent.ToolBroken _ -> close(out);
      case GenerationEvent.Ended end -> {
        close(out);
        ObjectNode last = event("message_delta");
        last.putObject("delta")
            .put("stop_reason", stopReason(end))
            .put("stop_sequence", end.stopString());
        last.set("usage", usage(end.usage()));
        out.add(last);
        out.add(event("message_stop"));
      }
      case GenerationEvent.Failed _ -> throw new IllegalStateException("this has no event");
    }
    return out;
  }

  private ObjectNode start(int promptTokens) {
    ObjectNode message = head();
    message.putArray("content");
    message.putNull("stop_reason").putNull("stop_sequence");
    // There is a first token, or there would be no event.
    message.set("usage", usage(new GenerationEvent.Usage(promptTokens, 0, 0, 1)));
    ObjectNode start = event("message_start");
    start.set("message", message);
    return start;
  }

  private ObjectNode head() {
    return Json.object()
        .put("model", model)
        .put("id", MESSAGE_ID_PREFIX + id)
        .put(TYPE, "message")
        .put("role", "assistant");
  }

  /** Goes on with a block of this kind, or begins one; each tool use has a block of its own. */
  private void enter(Open kind, ObjectNode content, List<ObjectNode> out) {
    if (open == kind) {
      return;
    }
    close(out);
    open = kind;
    ObjectNode start = event("content_block_start").put("index", block);
    start.set("content_block", content);
    out.add(start);
  }

  private void close(List<ObjectNode> out) {
    if (open == Open.NONE) {
      return;
    }
    if (open == Open.THINKING) {
      out.add(delta("signature_delta", SIGNATURE, signature(thought.toString())));
      thought.setLength(0);
    }
    open = Open.NONE;
    out.add(event("content_block_stop").put("index", block));
    block++;
  }

  private ObjectNode delta(String type, String member, String more) {
    ObjectNode event = event("content_block_delta").put("index", block);
    event.putObject("delta").put(TYPE, type).put(member, more);
    return event;
  }

  private static ObjectNode event(String type) {
    return Json.object().put(TYPE, type);
  }

  private static ObjectNode toolUse(String id, String name, ObjectNode input, ObjectNode to) {
    to.put(TYPE, "tool_use").put("id", TOOL_ID_PREFIX + id).put("name", name).set("input", input);
    return to;
  }

  private ObjectNode usage(GenerationEvent.Usage all) {
    GenerationEvent.Usage usage = shown.cache() ? all : all.withoutCache();
    return Json.object()
        .put("input_tokens", usage.plainPromptTokens())
        .put("cache_creation_input_tokens", usage.writtenPromptTokens())
        .put("cache_read_input_tokens", usage.cachedPromptTokens())
        .put("output_tokens", usage.completionTokens());
  }

  private String stopReason(GenerationEvent.Ended end) {
    return switch (end.reason()) {
      // There is no word for a malformed call: the text shows it.
      case END, MALFORMED_CALL -> "end_turn";
      case TOOL_CALLS -> "tool_use";
      case STOP_STRING -> "stop_sequence";
      case LENGTH ->
          end.usage().completionTokens() < generation.maxTokens()
              ? "model_context_window_exceeded"
              : "max_tokens";
    };
  }

  /**
   * The signature of a thought. Clients drop thoughts that have none when they send a conversation
   * back. Nothing checks it: the thought is there in plain text, and no secret is in this.
   */
  private static String signature(String thought) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return Base64.getEncoder()
          .encodeToString(digest.digest(thought.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
