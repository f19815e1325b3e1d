package dev.outcrop.serving.generate;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import org.jspecify.annotations.Nullable;

/** Told about generations, on their request threads. Must be quick and must not throw. */
public interface GenerationListener {
  /** The first token of a request came, which may be a stop token. */
  void firstToken(ServedModel model, long nanosSinceArrival);

  /** Another token came out of the model, which may be a stop token. */
  void nextToken(ServedModel model, long nanosSinceLast);

  /** A request that was accepted is over. */
  void over(Over over);

  /**
   * What was of a request.
   *
   * @param how what became of it
   * @param end how it ended, where it was completed
   * @param phases where its time went, null where it has no token
   */
  record Over(
      ServedModel model,
      Caller caller,
      Purpose purpose,
      Result how,
      GenerationEvent.@Nullable Ended end,
      GenerationEvent.Usage usage,
      @Nullable Phases phases) {
    /**
     * The mean time between two of its tokens in nanoseconds, by the batcher's clock, so that a
     * client that reads slowly changes nothing of it; 0 where there are no two.
     */
    public double tokenNanos() {
      int intervals = usage.completionTokens() - 1;
      return phases == null || intervals < 1 ? 0 : (double) phases.decode() / intervals;
    }
  }

  /**
   * Where the time of a request went, in nanoseconds by the batcher's clock. Nothing of it begins
   * again where the request is preempted.
   *
   * @param queue from submit to the begin of the step that first ran a part of it
   * @param prefill from there to its first token
   * @param decode from there to its last token, a stop token included
   */
  record Phases(long queue, long prefill, long decode) {}

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
