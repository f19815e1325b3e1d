package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
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
  private boolean textOpen;
  private boolean anyBlock;

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
    StringBuilder text = new StringBuilder();
    for (GenerationEvent event : events) {
      switch (event) {
        case GenerationEvent.Text(var more, _, _) -> text.append(more);
        case GenerationEvent.ToolCall call -> {
          addText(text, content);
          ObjectNode use = content.addObject().putObject("toolUse");
          use.set("input", call.arguments());
          use.put("name", call.name());
          use.put("toolUseId", TOOL_ID_PREFIX + call.id());
        }
        case GenerationEvent.Ended _, GenerationEvent.Failed _ ->
            throw new IllegalStateException("an end comes last");
      }
    }
    addText(text, content);
    if (content.isEmpty()) {
      content.addObject().put("text", "");
    }
    putTier(body, end);
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
        textOpen = true;
        out.add(delta(Json.object().put("text", text)));
      }
      case GenerationEvent.ToolCall call -> {
        closeText(out);
        ObjectNode start = Json.object().put("contentBlockIndex", block);
        start
            .putObject("start")
            .putObject("toolUse")
            .put("name", call.name())
            .put("toolUseId", TOOL_ID_PREFIX + call.id());
        out.add(frames.event("contentBlockStart", start));
        ObjectNode input = Json.object();
        input.putObject("toolUse").put("input", json.text(call.arguments()));
        out.add(delta(input));
        closeBlock(out);
      }
      case GenerationEvent.Ended _, GenerationEvent.Failed _ ->
          throw new IllegalStateException("an end has frames of its own");
    }
    return out;
  }

  @Override
  public List<byte[]> end(GenerationEvent.Ended end) {
    List<byte[]> out = new ArrayList<>();
    if (!anyBlock && !textOpen) {
      out.addAll(more(new GenerationEvent.Text("", 0, List.of()), 0));
    }
    closeText(out);
    ObjectNode stop = Json.object().put("stopReason", stopReason(end));
    addResponseFields(stop, end);
    out.add(frames.event("messageStop", stop));
    ObjectNode metadata = Json.object();
    metadata.set("metrics", metrics(end));
    putTier(metadata, end);
    metadata.set("usage", usage(end.usage()));
    out.add(frames.event("metadata", metadata));
    return out;
  }

  private byte[] delta(ObjectNode delta) {
    ObjectNode event = Json.object().put("contentBlockIndex", block);
    event.set("delta", delta);
    return frames.event("contentBlockDelta", event);
  }

  private void closeText(List<byte[]> out) {
    if (textOpen) {
      textOpen = false;
      closeBlock(out);
    }
  }

  private void closeBlock(List<byte[]> out) {
    out.add(frames.event("contentBlockStop", Json.object().put("contentBlockIndex", block)));
    block++;
    anyBlock = true;
  }

  private static void addText(StringBuilder text, ArrayNode content) {
    if (!text.isEmpty()) {
      content.addObject().put("text", text.toString());
      text.setLength(0);
    }
  }

  private static ObjectNode metrics(GenerationEvent.Ended end) {
    return Json.object().put("latencyMs", end.totalNanos() / NANOS_PER_MILLI);
  }

  private static void putTier(ObjectNode to, GenerationEvent.Ended end) {
    Tier tier = end.tier();
    if (tier != null) {
      to.putObject("serviceTier").put("type", tier.word());
    }
  }

  private ObjectNode usage(GenerationEvent.Usage usage) {
    int cached = request.reportCache() ? usage.cachedPromptTokens() : 0;
    ObjectNode node = Json.object();
    node.put("inputTokens", usage.promptTokens() - cached);
    node.put("outputTokens", usage.completionTokens());
    node.put("totalTokens", usage.promptTokens() + usage.completionTokens());
    if (request.reportCache()) {
      node.put("cacheReadInputTokens", cached);
      node.put("cacheWriteInputTokens", 0);
    }
    return node;
  }

  private void addResponseFields(ObjectNode to, GenerationEvent.Ended end) {
    if (request.reportStopSequence()) {
      to.putObject("additionalModelResponseFields").put("stop_sequence", end.stopString());
    }
  }

  private static String stopReason(GenerationEvent.Ended end) {
    return switch (end.reason()) {
      case END -> "end_turn";
      case TOOL_CALLS -> "tool_use";
      case STOP_STRING -> "stop_sequence";
      case LENGTH -> "max_tokens";
    };
  }
}
