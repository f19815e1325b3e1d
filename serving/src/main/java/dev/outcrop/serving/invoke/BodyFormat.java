package dev.outcrop.serving.invoke;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.SamplingDefaults;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One shape of the body that InvokeModel carries. Called on request threads, many at once. */
public interface BodyFormat {
  /** Whether a body has this shape, by its keys and, where they do not tell, the model's name. */
  boolean accepts(ObjectNode body, ModelName model);

  /** Reads a request. */
  Request read(ObjectNode body, Target target);

  /**
   * What a request is read for.
   *
   * @param modelId the model id of the URL
   * @param defaults the model's sampling where the body does not say
   * @param streaming whether the operation streams
   * @param seed the seed where the body names none
   * @param requestId the request's id
   * @param tier the service tier that the request's headers name, or null
   */
  record Target(
      String modelId,
      SamplingDefaults defaults,
      boolean streaming,
      long seed,
      String requestId,
      @Nullable Tier tier) {}

  /** A request that was read; it also writes the answer. Used by one thread. */
  interface Request {
    /** What to generate. */
    Generation generation();

    /** Whether prompt tokens that were found in the cache are told apart from the others. */
    default boolean tellsCache() {
      return false;
    }

    /**
     * The body of an answer in one piece.
     *
     * @param events everything before the end
     */
    ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end);

    /**
     * The chunks of a streamed answer for an event.
     *
     * @param promptTokens tokens of the prompt
     */
    List<ObjectNode> chunks(GenerationEvent event, int promptTokens);
  }
}
