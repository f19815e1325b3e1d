package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands around the choices of an answer.
 *
 * @param id the answer's id
 * @param whole what an answer in one piece calls itself
 * @param chunk what a piece of a stream calls itself
 * @param created when it began, in seconds since 1970
 * @param model the model, as the request names it
 */
record Envelope(String id, String whole, String chunk, long created, String model) {
  /** An answer in one piece. */
  ObjectNode whole(List<ObjectNode> choices) {
    return around(whole, choices);
  }

  /** A piece of a stream. */
  ObjectNode chunk(List<ObjectNode> choices) {
    return around(chunk, choices);
  }

  private ObjectNode around(String object, List<ObjectNode> choices) {
    ObjectNode body =
        Json.object()
            .put("id", id)
            .put("object", object)
            .put("created", created)
            .put("model", model);
    ArrayNode array = body.putArray("choices");
    choices.forEach(array::add);
    return body;
  }

  /** Adds the tier that serves a request, where there is something to say. */
  static void putTier(ObjectNode to, @Nullable Tier tier) {
    if (tier != null) {
      to.put("service_tier", tier.word());
    }
  }
}
