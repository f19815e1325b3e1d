package dev.outcrop.models.arch;

/** What an MLP puts its projection through. */
public enum Activation {
  /** x times sigmoid(x). */
  SILU,
  /** x times the normal distribution up to x, by the error function. */
  GELU,
  /** The same by a formula with tanh. */
  GELU_TANH
}
