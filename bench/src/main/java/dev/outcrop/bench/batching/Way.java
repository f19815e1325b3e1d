package dev.outcrop.bench.batching;

/** A way to run many requests on one engine. All of them make step plans and nothing else. */
interface Way {
  /** Its name in results. */
  String name();

  /** Runs all requests of the recorder's trace, which are all there from the start. */
  void run(Recorder recorder);
}
