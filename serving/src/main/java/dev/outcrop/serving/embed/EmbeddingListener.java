package dev.outcrop.serving.embed;

import dev.outcrop.serving.auth.Caller;

/** Told about embeddings, on their request threads. Must be quick and must not throw. */
public interface EmbeddingListener {
  /** A text has its vector. */
  void embedded(ServedEncoder model, Caller caller, int tokens);
}
