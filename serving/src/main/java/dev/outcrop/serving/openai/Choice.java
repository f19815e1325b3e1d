package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.GenerationEvent;
import java.util.List;

/** Writes one choice of an answer. Used by one thread, for one generation. */
interface Choice {
  /**
   * The choice of an answer in one piece.
   *
   * @param events everything before the end
   */
  ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end);

  /** The choices of the chunks for an event, of its end too; it may have none. */
  List<ObjectNode> chunks(GenerationEvent event);

  /** The word for the end of a generation. */
  static String finishReason(GenerationEvent.Ended end) {
    return switch (end.reason()) {
      case END, MALFORMED_CALL, STOP_STRING -> "stop";
      case TOOL_CALLS -> "tool_calls";
      case LENGTH -> "length";
    };
  }
}
