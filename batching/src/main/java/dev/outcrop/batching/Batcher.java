package dev.outcrop.batching;

/** Takes requests for one model. Safe to call from any thread. */
public interface Batcher extends AutoCloseable {
  /** What a request can come to, whatever else is in: what {@link #submit} takes it for. */
  Fit fit(GenerateRequest request);

  /** Takes or refuses a request at once. */
  SubmitResult submit(GenerateRequest request);

  /** The state of the moment. */
  Signals signals();

  /** What the engine's time went to; {@link EngineTimes#NONE} where nobody keeps count. */
  default EngineTimes engineTimes() {
    return EngineTimes.NONE;
  }

  /** Whether the engine loop lives and, while there is work, makes progress. */
  Health health();

  /** Whether it is {@link Health.Live}. */
  default boolean alive() {
    return health() instanceof Health.Live;
  }

  /** Refuses new requests from now on; those that are in go on. */
  void drain();

  /** Ends all requests with an error and stops the engine loop. The engine is closed too. */
  @Override
  void close();
}
