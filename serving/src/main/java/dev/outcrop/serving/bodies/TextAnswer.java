package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.GenerationEvent;
import java.util.List;

/** How a body whose answer is text alone writes it. Used by one thread, for one request. */
interface TextAnswer {
  /**
   * The answer in one piece.
   *
   * @param logprobs of every token with text, empty where not asked for
   */
  ObjectNode whole(
      String text, List<GenerationEvent.TokenLogprob> logprobs, GenerationEvent.Ended end);

  /** A chunk of the stream. */
  ObjectNode chunk(GenerationEvent.Text text, int promptTokens);

  /** The last chunk of the stream, which has no text. */
  ObjectNode last(GenerationEvent.Ended end);

  /** The stop reason in the words of most families. */
  static String stopReason(GenerationEvent.Ended end) {
    return switch (end.reason()) {
      case LENGTH -> "length";
      case END, TOOL_CALLS, MALFORMED_CALL, STOP_STRING -> "stop";
    };
  }
}
