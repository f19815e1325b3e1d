package dev.outcrop.models.torch;

import org.jspecify.annotations.Nullable;

/** Texts to vectors in libtorch, whatever the model. Used by one thread at a time. */
public sealed interface TextEncoder extends AutoCloseable permits TorchEncoder, CausalEncoder {
  /**
   * Embeddings of texts.
   *
   * @param ids the token ids of every text, each at least one and at most the longest text
   * @return float32, [texts][hidden size], in the order of the texts
   */
  float[][] embed(int[][] ids);

  /**
   * What the classifier says about texts, before softmax or sigmoid. Only for a model that has one.
   *
   * @param ids the token ids of every text or pair
   * @param types their token types, or null where all are 0
   * @return float32, [texts][labels]
   */
  float[][] score(int[][] ids, int @Nullable [][] types);

  /** Frees the weights. */
  @Override
  void close();
}
