package dev.outcrop.models.engine;

/**
 * What the KV arena of an engine holds. Accounting (batching) hands out token slots of the arena by
 * this, storage (models) owns the memory.
 *
 * @param unitTokens tokens in one allocation unit; a segment starts at a multiple of it
 * @param units units in the arena
 * @param bytesPerToken bytes of K and V over all layers for one token
 * @param maxContext the longest sequence the model takes, prompt and completion together
 */
public record KvGeometry(int unitTokens, int units, long bytesPerToken, int maxContext) {
  /** Checks the fields. */
  public KvGeometry {
    if (unitTokens < 1 || units < 1 || bytesPerToken < 1 || maxContext < 1) {
      throw new IllegalArgumentException(
          "every field of the KV geometry must be positive: %d %d %d %d"
              .formatted(unitTokens, units, bytesPerToken, maxContext));
    }
  }

  /** Tokens the arena holds in all. */
  public int tokens() {
    return Math.multiplyExact(unitTokens, units);
  }

  /** Units that a run of tokens takes. */
  public int unitsFor(int tokens) {
    return Math.ceilDiv(tokens, unitTokens);
  }
}
