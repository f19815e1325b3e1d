package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Carries a native body in the answers of InvokeModel. Used by one thread, for one request. */
final class InvokeAnswer implements Answer {
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final String INPUT = "X-Amzn-Bedrock-Input-Token-Count";
  private static final String OUTPUT = "X-Amzn-Bedrock-Output-Token-Count";
  private static final String LATENCY = "X-Amzn-Bedrock-Invocation-Latency";
  private static final String CACHE_READ = "X-Amzn-Bedrock-Cache-Read-Input-Token-Count";
  private static final String CACHE_WRITE = "X-Amzn-Bedrock-Cache-Write-Input-Token-Count";

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
  public Map<String, String> headers(GenerationEvent.Ended end) {
    GenerationEvent.Usage usage = usage(end);
    Map<String, String> headers = new HashMap<>();
    headers.put(INPUT, String.valueOf(usage.plainPromptTokens()));
    headers.put(OUTPUT, String.valueOf(usage.completionTokens()));
    headers.put(LATENCY, String.valueOf(end.totalNanos() / NANOS_PER_MILLI));
    if (request.tellsCache()) {
      headers.put(CACHE_READ, String.valueOf(usage.cachedPromptTokens()));
      headers.put(CACHE_WRITE, String.valueOf(usage.writtenPromptTokens()));
    }
    return headers;
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
    GenerationEvent.Usage usage = usage(end);
    ObjectNode metrics =
        chunks
            .getLast()
            .putObject("amazon-bedrock-invocationMetrics")
            .put("inputTokenCount", usage.plainPromptTokens())
            .put("outputTokenCount", usage.completionTokens())
            .put("invocationLatency", end.totalNanos() / NANOS_PER_MILLI)
            .put("firstByteLatency", end.firstTokenNanos() / NANOS_PER_MILLI);
    if (request.tellsCache()) {
      metrics
          .put("cacheReadInputTokenCount", usage.cachedPromptTokens())
          .put("cacheWriteInputTokenCount", usage.writtenPromptTokens());
    }
    return frames(chunks);
  }

  private GenerationEvent.Usage usage(GenerationEvent.Ended end) {
    return request.tellsCache() ? end.usage() : end.usage().withoutCache();
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
