package dev.outcrop.models.torch;

/**
 * How an engine is set up on this machine.
 *
 * @param type the type to compute in
 * @param kvTokens tokens of KV the arena holds, rounded up to whole units
 * @param threads threads of one operator, for the whole process; 0 leaves libtorch's choice
 */
public record TorchOptions(ElementType type, int kvTokens, int threads) {
  /** Checks the fields. */
  public TorchOptions {
    if (kvTokens < 1 || threads < 0) {
      throw new IllegalArgumentException("kvTokens must be positive and threads not negative");
    }
  }
}
