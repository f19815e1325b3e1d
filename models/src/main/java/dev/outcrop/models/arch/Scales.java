package dev.outcrop.models.arch;

import org.jspecify.annotations.Nullable;

/**
 * Factors outside of attention.
 *
 * @param embedding of what the embedding gives
 * @param residual of what attention and MLP add to the stream
 * @param logits what logits are divided by
 * @param logitsCap c of logits c * tanh(logit / c); null for none
 */
public record Scales(double embedding, double residual, double logits, @Nullable Double logitsCap) {
  /** No factor at all. */
  public static final Scales NONE = new Scales(1, 1, 1, null);
}
