package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.invoke.BodyFormat;
import java.util.ArrayList;
import java.util.List;

/**
 * An answer of one choice, as InvokeModel carries it: its last chunk says the usage. Used by one
 * thread, for one request.
 */
final class OneChoice implements BodyFormat.Request {
  private final Generation generation;
  private final Envelope envelope;
  private final Choice choice;
  private final TokenUsage usage = new TokenUsage(1, 1);

  OneChoice(Generation generation, Envelope envelope, Choice choice) {
    this.generation = generation;
    this.envelope = envelope;
    this.choice = choice;
  }

  @Override
  public Generation generation() {
    return generation;
  }

  @Override
  public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
    ObjectNode body = envelope.whole(List.of(choice.whole(events, end)));
    events.forEach(event -> usage.add(0, event));
    close(body, end);
    return body;
  }

  @Override
  public List<ObjectNode> chunks(GenerationEvent event, int promptTokens) {
    List<ObjectNode> chunks = new ArrayList<>();
    choice.chunks(event).forEach(each -> chunks.add(envelope.chunk(List.of(each))));
    if (event instanceof GenerationEvent.Ended end) {
      close(chunks.getLast(), end);
    } else {
      usage.add(0, event);
    }
    return chunks;
  }

  private void close(ObjectNode last, GenerationEvent.Ended end) {
    usage.add(0, end);
    last.set("usage", usage.forCompletions());
    Envelope.putTier(last, end.tier());
  }
}
