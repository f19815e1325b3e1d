package dev.outcrop.batching.encode;

/**
 * A text to encode, in integers.
 *
 * @param tenant whose it is
 * @param weight the tenant's share, at least 1
 * @param tokens its token ids, at least one; not changed by anybody after submit
 */
public record EncodeRequest(String tenant, int weight, int[] tokens) {
  /** Checks the fields. */
  public EncodeRequest {
    if (tokens.length == 0 || weight < 1) {
      throw new IllegalArgumentException("a text has tokens, a weight is at least 1");
    }
  }

  /** Counts only: token ids are user content. */
  @Override
  public String toString() {
    return "EncodeRequest[tenant=%s, tokens=%d]".formatted(tenant, tokens.length);
  }
}
