package dev.outcrop.serving.bedrock;

import dev.outcrop.serving.generate.GenerationEvent;
import java.util.List;
import java.util.Map;

/** How a generation is written to its client. Used by one thread, for one request. */
interface Answer {
  /** The bytes of an answer in one piece. */
  byte[] whole(List<GenerationEvent> events, GenerationEvent.Ended end);

  /** The headers that go with an answer in one piece and only with this kind of answer. */
  default Map<String, String> headers(GenerationEvent.Ended end) {
    return Map.of();
  }

  /** The frames that open a stream. */
  List<byte[]> start();

  /**
   * The frames of an event before the end; it may have none.
   *
   * @param promptTokens tokens of the prompt
   */
  List<byte[]> more(GenerationEvent event, int promptTokens);

  /** The frames that end a stream. */
  List<byte[]> end(GenerationEvent.Ended end);
}
