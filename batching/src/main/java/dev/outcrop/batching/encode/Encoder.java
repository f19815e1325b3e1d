package dev.outcrop.batching.encode;

/**
 * Runs an encoder (embeddings) over a padded batch. Called by the one thread of an {@link
 * EncodeBatcher}, one batch at a time.
 */
public interface Encoder extends AutoCloseable {
  /**
   * Encodes a batch.
   *
   * @param batch the texts; not to be kept
   * @return a vector per row of the batch
   * @throws dev.outcrop.models.OutcropException with {@code ENGINE_DEAD} when no batch will ever
   *     run again, else when this one did not; its rows are then run one by one
   */
  float[][] encode(EncodeBatch batch);

  /** Frees device memory. No batch is under way. */
  @Override
  default void close() {}
}
