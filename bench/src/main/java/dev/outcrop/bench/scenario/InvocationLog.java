package dev.outcrop.bench.scenario;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a log of Bedrock model invocations: a JSON object a line with {@code timestamp}, {@code
 * modelId}, {@code input.inputTokenCount} and {@code output.outputTokenCount}. Lines without these,
 * such as calls that failed, are left out. Texts are never shown, not even in errors.
 */
final class InvocationLog implements TraceFile.TraceReader {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String model;
  private final boolean texts;
  private int left;

  InvocationLog(String model, boolean texts) {
    this.model = model;
    this.texts = texts;
  }

  @Override
  public void line(String line, List<Recording> to) {
    Recording recording = read(line);
    if (recording == null) {
      left++;
    } else {
      to.add(recording);
    }
  }

  @Override
  public int left() {
    return left;
  }

  private @Nullable Recording read(String line) {
    JsonNode record;
    Instant time;
    try {
      record = JSON.readTree(line);
      time = Instant.parse(record.path("timestamp").asText());
    } catch (JsonProcessingException | DateTimeException e) {
      return null;
    }
    JsonNode input = record.path("input");
    int output = record.at("/output/outputTokenCount").asInt();
    int tokens =
        input.path("inputTokenCount").asInt()
            + input.path("cacheReadInputTokenCount").asInt()
            + input.path("cacheWriteInputTokenCount").asInt();
    if (tokens < 1 || output < 1 || !record.path("modelId").asText().contains(model)) {
      return null;
    }
    double seconds = time.getEpochSecond() + time.getNano() / 1e9;
    return new Recording(
        seconds, tokens, output, texts ? texts(input.path("inputBodyJson")) : null);
  }

  /** What a body of Converse, of Anthropic's messages or with a {@code prompt} says. */
  private static Recording.@Nullable Texts texts(JsonNode body) {
    String system = text(body.path("system"));
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : body.path("messages")) {
      String said = text(message.path("content"));
      if (!said.isBlank()) {
        messages.add(new Message(message.path("role").asText(), said));
      }
    }
    if (messages.isEmpty() && body.path("prompt").isTextual()) {
      messages.add(Message.user(body.path("prompt").asText()));
    }
    boolean asks = !messages.isEmpty() && messages.getLast().role().equals("user");
    return asks ? new Recording.Texts(system.isBlank() ? null : system, messages) : null;
  }

  /** A text, or those of all parts that have one. */
  private static String text(JsonNode content) {
    if (content.isTextual()) {
      return content.asText();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      text.append(part.path("text").asText());
    }
    return text.toString();
  }
}
