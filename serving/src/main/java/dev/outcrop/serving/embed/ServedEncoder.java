package dev.outcrop.serving.embed;

import dev.outcrop.batching.encode.EncodeBatcher;
import java.util.List;
import java.util.function.Function;

/**
 * An encoder that is served.
 *
 * @param id the id of the operator's choice; metrics carry it
 * @param aliases further ids
 * @param batcher where its texts go; owned by whoever made it
 * @param tokenizer the token ids of a text; called from many request threads at once
 * @param dimensions numbers of an embedding
 * @param maxTokens the longest text
 */
public record ServedEncoder(
    String id,
    List<String> aliases,
    EncodeBatcher batcher,
    Function<String, int[]> tokenizer,
    int dimensions,
    int maxTokens) {
  /** Checks the ids and copies the list. */
  public ServedEncoder {
    aliases = List.copyOf(aliases);
    if (id.isBlank()) {
      throw new IllegalArgumentException("a model needs an id");
    }
  }
}
