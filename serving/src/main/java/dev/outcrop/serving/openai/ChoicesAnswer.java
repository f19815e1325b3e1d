package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.http.OpenAiError;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers a chat completion or a completion. Used by one thread, for one request. */
final class ChoicesAnswer implements Answer {
  private final Json json;
  private final Asked asked;
  private final TokenUsage usage;
  private @Nullable Tier tier;

  ChoicesAnswer(Json json, Asked asked) {
    this.json = json;
    this.asked = asked;
    this.usage = new TokenUsage(asked.choices().size(), asked.plan().choicesPerPrompt());
  }

  @Override
  public ObjectNode whole(List<Whole> wholes) {
    List<ObjectNode> choices = new ArrayList<>();
    for (int i = 0; i < wholes.size(); i++) {
      Whole whole = wholes.get(i);
      choices.add(asked.choices().get(i).whole(whole.events(), whole.end()));
      for (GenerationEvent event : whole.events()) {
        usage.add(i, event);
      }
      usage.add(i, whole.end());
    }
    ObjectNode body = asked.envelope().whole(choices);
    body.set("usage", usage.forCompletions());
    Envelope.putTier(body, wholes.getFirst().end().tier());
    return body;
  }

  @Override
  public List<byte[]> start(@Nullable Tier serving) {
    tier = serving;
    return List.of();
  }

  @Override
  public List<byte[]> more(int choice, GenerationEvent event) {
    usage.add(choice, event);
    List<byte[]> events = new ArrayList<>();
    for (ObjectNode each : asked.choices().get(choice).chunks(event)) {
      ObjectNode chunk = chunk(List.of(each));
      if (asked.streamUsage()) {
        chunk.putNull("usage");
      }
      events.add(Sse.data(json, chunk));
    }
    return events;
  }

  @Override
  public List<byte[]> end() {
    List<byte[]> events = new ArrayList<>();
    if (asked.streamUsage()) {
      ObjectNode last = chunk(List.of());
      last.set("usage", usage.forCompletions());
      events.add(Sse.data(json, last));
    }
    events.add(Sse.DONE);
    return events;
  }

  /** Without the mark of the end, which says that the answer is whole. */
  @Override
  public List<byte[]> failed(OpenAiError error) {
    return List.of(Sse.data(json, error.body()));
  }

  private ObjectNode chunk(List<ObjectNode> choices) {
    ObjectNode chunk = asked.envelope().chunk(choices);
    Envelope.putTier(chunk, tier);
    return chunk;
  }
}
