package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Carries a native body in the answers of InvokeModel. Used by one thread, for one request. */
final class InvokeAnswer implements Answer {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final BodyFormat.Request request;
  private final Json json;
  private final EventFrames frames;

  InvokeAnswer(BodyFormat.Request request, Json json, EventFrames frames) {
    this.request = request;
    this.json = json;
    this.frames = frames;
  }

  @Override
  public byte[] whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
    return json.bytes(request.whole(events, end));
  }

  @Override
  public List<byte[]> start() {
    return List.of();
  }

  @Override
  public List<byte[]> more(GenerationEvent event, int promptTokens) {
    return frames(request.chunks(event, promptTokens));
  }

  @Override
  public List<byte[]> end(GenerationEvent.Ended end) {
    List<ObjectNode> chunks = request.chunks(end, end.usage().promptTokens());
    int cached = request.tellsCache() ? end.usage().cachedPromptTokens() : 0;
    ObjectNode metrics =
        chunks
            .getLast()
            .putObject("amazon-bedrock-invocationMetrics")
            .put("inputTokenCount", end.usage().promptTokens() - cached)
            .put("outputTokenCount", end.usage().completionTokens())
            .put("invocationLatency", end.totalNanos() / NANOS_PER_MILLI)
            .put("firstByteLatency", end.firstTokenNanos() / NANOS_PER_MILLI);
    if (request.tellsCache()) {
      metrics.put("cacheReadInputTokenCount", cached).put("cacheWriteInputTokenCount", 0);
    }
    return frames(chunks);
  }

  private List<byte[]> frames(List<ObjectNode> chunks) {
    List<byte[]> out = new ArrayList<>();
    for (ObjectNode chunk : chunks) {
      String bytes = Base64.getEncoder().encodeToString(json.bytes(chunk));
      out.add(frames.event("chunk", Json.object().put("bytes", bytes)));
    }
    return out;
  }
}
