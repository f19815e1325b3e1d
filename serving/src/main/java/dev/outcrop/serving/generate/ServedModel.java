package dev.outcrop.serving.generate;

import dev.outcrop.batching.Batcher;
import java.util.List;

/**
 * A model that is served.
 *
 * @param id the id of the operator's choice; metrics carry it
 * @param aliases further ids
 * @param batcher where its requests go; owned by whoever made it
 * @param text its template and tokenizer
 * @param defaults its sampling where a request does not say
 */
public record ServedModel(
    String id, List<String> aliases, Batcher batcher, TextModel text, SamplingDefaults defaults) {
  /** Checks the ids and copies the list. */
  public ServedModel {
    aliases = List.copyOf(aliases);
    if (id.isBlank()) {
      throw new IllegalArgumentException("a model needs an id");
    }
  }
}
