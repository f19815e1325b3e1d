package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.http.OpenAiError;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a request of OpenAI's API is answered. Used by one thread, for one request. */
interface Answer {
  /**
   * A choice that was generated to its end.
   *
   * @param events everything before the end
   */
  record Whole(List<GenerationEvent> events, GenerationEvent.Ended end) {}

  /** The answer in one piece. */
  ObjectNode whole(List<Whole> choices);

  /**
   * The events that open a stream.
   *
   * @param tier the tier that serves it, where there is something to say
   */
  List<byte[]> start(@Nullable Tier tier);

  /** The events of a stream for what a choice brought, its end too. */
  List<byte[]> more(int choice, GenerationEvent event);

  /** The events that end a stream. */
  List<byte[]> end();

  /** The events that end a stream with an error. */
  List<byte[]> failed(OpenAiError error);
}
