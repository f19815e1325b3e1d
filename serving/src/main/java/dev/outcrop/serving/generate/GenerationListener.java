package dev.outcrop.serving.generate;

import dev.outcrop.serving.auth.Caller;

/** Told about generations, on their request threads. Must be quick and must not throw. */
public interface GenerationListener {
  /** The first token of a request came. */
  void firstToken(ServedModel model, long nanosSinceArrival);

  /**
   * A request that was accepted is over.
   *
   * @param how what became of it
   * @param tokens tokens that came out of the model; {@code usage} also counts a stop token
   * @param decodeNanos from the first of these to the last
   */
  void over(
      ServedModel model,
      Caller caller,
      Result how,
      GenerationEvent.Usage usage,
      int tokens,
      long decodeNanos);

  /** What became of a request that was accepted. */
  enum Result {
    /** It was completed. */
    COMPLETED,
    /** It failed. */
    FAILED,
    /** Its client went away. */
    ABANDONED
  }
}
