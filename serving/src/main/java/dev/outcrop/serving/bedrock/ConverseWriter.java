package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.generate.AnswerBlock;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;

/** Writes the answers of Converse and ConverseStream. Used by one thread, for one request. */
final class ConverseWriter implements Answer {
  private static final String TOOL_ID_PREFIX = "tooluse_";
  private static final int NANOS_PER_MILLI = 1_000_000;

  private final ConverseRequest request;
  private final Json json;
  private final EventFrames frames;
  private int block;
  private Open open = Open.NONE;
  private boolean anyBlock;

  /** The block that a stream is in. */
  private enum Open {
    NONE,
    TEXT,
    REASONING,
    TOOL_USE
  }

  ConverseWriter(ConverseRequest request, Json json, EventFrames frames) {
    this.request = request;
    this.json = json;
    this.frames = frames;
  }

  @Override
  public byte[] whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
    return json.bytes(body(events, end));
  }

  private ObjectNode body(List<GenerationEvent> events, GenerationEvent.Ended end) {
    ObjectNode body = Json.object();
    body.set("metrics", metrics(end));
    ArrayNode content =
        body.putObject("output").putObject("message").put("role", "assistant").putArray("content");
    for (AnswerBlock block : AnswerBlock.of(events)) {
      switch (block) {
        case AnswerBlock.Text(var text) -> content.addObject().put("text", text);
        case AnswerBlock.Reasoning(var text) ->
            content
                .addObject()
                .putObject("reasoningContent")
                .putObject("reasoningText")
                .put("text", text);
        case AnswerBlock.Call(var id, var name, var arguments) -> {
          ObjectNode use = content.addObject().putObject("toolUse");
          use.set("input", json.generated(arguments));
          use.put("name", name);
          use.put("toolUseId", TOOL_ID_PREFIX + id);
        }
      }
    }
    if (content.isEmpty()) {
      content.addObject().put("text", "");
    }
    putService(body, end);
    body.put("stopReason", stopReason(end));
    body.set("usage", usage(end.usage()));
    addResponseFields(body, end);
    return body;
  }

  @Override
  public List<byte[]> start() {
    return List.of(frames.event("messageStart", Json.object().put("role", "assistant")));
  }

  @Override
  public List<byte[]> more(GenerationEvent event, int promptTokens) {
    List<byte[]> out = new ArrayList<>();
    switch (event) {
      case GenerationEvent.Text(var text, _, _) -> {
        enter(Open.TEXT, out);
        out.add(frames.textDelta(block, text));
      }
      case GenerationEvent.Reasoning(var text, _) -> {
        enter(Open.REASONING, out);
        ObjectNode reasoning = Json.object();
        reasoning.putObject("reasoningContent").put("text", text);
        out.add(delta(reasoning));
      }
      case GenerationEvent.ToolStart call -> {
        enter(Open.TOOL_USE, out);
        ObjectNode start = Json.object().put("contentBlockIndex", block);
        start
            .putObject("start")
            .putObject("toolUse")
            .put("name", call.name())
            .put("toolUseId", TOOL_ID_PREFIX + call.id());
        out.add(frames.event("contentBlockStart", start));
      }
      case GenerationEvent.ToolArguments(var fragment, _) -> {
        ObjectNode input = Json.object();
        input.putObject("toolUse").put("input", fragment);
        out.add(delta(input));
      }
      case GenerationEvent.ToolEnd _, GenerationEvent.ToolBroken _ -> close(out);
      case GenerationEvent.Ended _, GenerationEvent.Failed _ ->
          throw new IllegalStateException("an end has frames of its own");
    }
    return out;
  }

  @Override
  public List<byte[]> end(GenerationEvent.Ended end) {
    List<byte[]> out = new ArrayList<>();
    if (!anyBlock) {
      out.addAll(more(new GenerationEvent.Text("", 0, List.of()), 0));
    }
    close(out);
    ObjectNode stop = Json.object().put("stopReason", stopReason(end));
    addResponseFields(stop, end);
    out.add(frames.event("messageStop", stop));
    ObjectNode metadata = Json.object();
    metadata.set("metrics", metrics(end));
    putService(metadata, end);
    metadata.set("usage", usage(end.usage()));
    out.add(frames.event("metadata", metadata));
    return out;
  }

  private byte[] delta(ObjectNode delta) {
    ObjectNode event = Json.object().put("contentBlockIndex", block);
    event.set("delta", delta);
    return frames.event("contentBlockDelta", event);
  }

  /** Goes on with a block of this kind, or begins one; each tool use has a block of its own. */
  private void enter(Open kind, List<byte[]> out) {
    if (open != kind) {
      close(out);
      open = kind;
      anyBlock = true;
    }
  }

  private void close(List<byte[]> out) {
    if (open != Open.NONE) {
      open = Open.NONE;
      out.add(frames.event("contentBlockStop", Json.object().put("contentBlockIndex", block)));
      block++;
    }
  }

  private static ObjectNode metrics(GenerationEvent.Ended end) {
    return Json.object().put("latencyMs", end.totalNanos() / NANOS_PER_MILLI);
  }

  private void putService(ObjectNode to, GenerationEvent.Ended end) {
    if (request.report().latency()) {
      to.putObject("performanceConfig").put("latency", ServiceOptions.LATENCY);
    }
    Tier tier = end.tier();
    if (tier != null) {
      to.putObject("serviceTier").put("type", tier.word());
    }
  }

  private ObjectNode usage(GenerationEvent.Usage all) {
    boolean cache = request.report().cache();
    GenerationEvent.Usage usage = cache ? all : all.withoutCache();
    ObjectNode node = Json.object();
    node.put("inputTokens", usage.plainPromptTokens());
    node.put("outputTokens", usage.completionTokens());
    node.put("totalTokens", usage.promptTokens() + usage.completionTokens());
    if (cache) {
      node.put("cacheReadInputTokens", usage.cachedPromptTokens());
      node.put("cacheWriteInputTokens", usage.writtenPromptTokens());
    }
    return node;
  }

  private void addResponseFields(ObjectNode to, GenerationEvent.Ended end) {
    if (request.report().stopSequence()) {
      to.putObject("additionalModelResponseFields").put("stop_sequence", end.stopString());
    }
  }

  private static String stopReason(GenerationEvent.Ended end) {
    return switch (end.reason()) {
      case END -> "end_turn";
      case TOOL_CALLS -> "tool_use";
      case MALFORMED_CALL -> "malformed_tool_use";
      case STOP_STRING -> "stop_sequence";
      case LENGTH -> "max_tokens";
    };
  }
}
