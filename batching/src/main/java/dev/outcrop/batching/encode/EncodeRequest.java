package dev.outcrop.batching.encode;

import org.jspecify.annotations.Nullable;

/**
 * A text to encode, in integers.
 *
 * @param tenant whose it is
 * @param weight the tenant's share, at least 1
 * @param tokens its token ids, at least one; not changed by anybody after submit
 * @param types which text of a pair each token belongs to, or null where all are of the first
 */
public record EncodeRequest(String tenant, int weight, int[] tokens, int @Nullable [] types) {
  /** Checks the fields. */
  public EncodeRequest {
    if (tokens.length == 0 || weight < 1) {
      throw new IllegalArgumentException("a text has tokens, a weight is at least 1");
    }
    if (types != null && types.length != tokens.length) {
      throw new IllegalArgumentException("a type per token");
    }
  }

  /** One text, not a pair. */
  public EncodeRequest(String tenant, int weight, int[] tokens) {
    this(tenant, weight, tokens, null);
  }

  /**
   * A text or a pair.
   *
   * @param types null where all tokens are of the first text
   */
  public static EncodeRequest of(String tenant, int weight, int[] tokens, int @Nullable [] types) {
    return new EncodeRequest(tenant, weight, tokens, types);
  }

  /** Counts only: token ids are user content. */
  @Override
  public String toString() {
    return "EncodeRequest[tenant=%s, tokens=%d]".formatted(tenant, tokens.length);
  }
}
