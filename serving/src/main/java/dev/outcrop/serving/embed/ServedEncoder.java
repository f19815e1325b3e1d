package dev.outcrop.serving.embed;

import dev.outcrop.batching.encode.EncodeBatcher;
import java.util.List;

/** An encoder that is served. */
public sealed interface ServedEncoder {
  /** The id of the operator's choice; metrics carry it. */
  String id();

  /** Further ids. */
  List<String> aliases();

  /** Where its texts go; owned by whoever made it. */
  EncodeBatcher batcher();

  /** Its tokenizer. */
  EncoderText text();

  /** The longest text or pair, in tokens. */
  int maxTokens();

  /**
   * A model that makes embeddings.
   *
   * @param dimensions numbers of an embedding
   * @param vocabulary how many token ids there are
   */
  record Embedder(
      String id,
      List<String> aliases,
      EncodeBatcher batcher,
      EncoderText text,
      int dimensions,
      int vocabulary,
      int maxTokens)
      implements ServedEncoder {
    /** Checks the ids and copies the list. */
    public Embedder {
      aliases = checked(id, aliases);
    }
  }

  /** A cross-encoder: its vector of a query and a document is one number, before sigmoid. */
  record Reranker(
      String id, List<String> aliases, EncodeBatcher batcher, EncoderText text, int maxTokens)
      implements ServedEncoder {
    /** Checks the ids and copies the list. */
    public Reranker {
      aliases = checked(id, aliases);
    }
  }

  private static List<String> checked(String id, List<String> aliases) {
    if (id.isBlank()) {
      throw new IllegalArgumentException("a model needs an id");
    }
    return List.copyOf(aliases);
  }
}
