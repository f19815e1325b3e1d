package dev.outcrop.bench.peers;

import java.util.Map;

/** Something that runs a checkpoint and is measured doing so, by one thread. */
interface Contestant extends AutoCloseable {
  /** What it runs with: version, threads, backend and so on. */
  Map<String, String> settings();

  /** Measures a case; warms up before. Does not throw for what goes wrong. */
  Reply measure(Case what);

  /** Frees all it holds. */
  @Override
  void close();

  /** How to come by one. */
  interface Entrant {
    /** Its name in tables and results. */
    String name();

    /**
     * Starts it; it computes nothing until it is asked.
     *
     * @throws MissingException with the reason, where it cannot be had
     */
    Contestant open() throws MissingException;
  }
}
