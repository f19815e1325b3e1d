package dev.outcrop.serving.transport;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The end of an HTTP/2 connection (RFC 9113 section 6.8), in two steps. A first GOAWAY tells the
 * client to open no more streams and refuses none; those that were on their way meanwhile are
 * served. A second one names the last stream that is, which the client can rely on. When its
 * streams have ended the client closes the connection, or after a while we do. Safe to use from any
 * thread.
 */
final class Http2End implements ConnectionEnd {
  /** How long streams may have been on their way. */
  static final long GRACE = TimeUnit.SECONDS.toNanos(1);

  /** When the last stream is named though some are open still. */
  static final long LONGEST = TimeUnit.SECONDS.toNanos(10);

  /**
   * How long the client may take to close a connection on which nothing is open. It may still read
   * what was written, and a socket that is closed answers what such a client sends by a reset,
   * which takes the rest from it.
   */
  static final long LINGER = TimeUnit.SECONDS.toNanos(30);

  private final FrameFilter in;
  private final FrameCounter out;
  private final BooleanSupplier quiet;
  private final Runnable hangUp;
  private Phase phase = new Phase.Open();

  /**
   * That of a connection.
   *
   * @param quiet whether no stream is open
   * @param hangUp closes the connection
   */
  Http2End(FrameFilter in, FrameCounter out, BooleanSupplier quiet, Runnable hangUp) {
    this.in = in;
    this.out = out;
    this.quiet = quiet;
    this.hangUp = hangUp;
  }

  private sealed interface Phase {
    /** Streams are welcome. */
    record Open() implements Phase {}

    /**
     * It is to end, but its client has sent nothing yet. One that is turned away before its first
     * stream may take it for a failure, so the first one is awaited for a moment.
     */
    record Due(long since) implements Phase {}

    /** The client was told that it shall open no more streams. */
    record Announced(long since) implements Phase {}

    /** The last stream was named; nothing was open since. */
    record Named(long quietSince) implements Phase {}

    /** It is closed. */
    record Closed() implements Phase {}
  }

  @Override
  public synchronized void retire(long now) {
    if (phase instanceof Phase.Open) {
      phase = new Phase.Due(now);
      if (in.lastStream() > 0) {
        announce(now);
      }
    }
  }

  @Override
  public boolean begun(long now) {
    boolean due;
    synchronized (this) {
      due = phase instanceof Phase.Due;
      if (due) {
        phase = new Phase.Announced(now);
      }
    }
    if (due) {
      out.goAway(Integer.MAX_VALUE); // its client shall know before it has the answer
    }
    return false;
  }

  @Override
  public synchronized void look(long now) {
    switch (phase) {
      case Phase.Open _, Phase.Closed _ -> {
        // nothing is due
      }
      case Phase.Due(long since) -> {
        if (in.lastStream() > 0 || now - since > GRACE) {
          announce(now);
        }
      }
      case Phase.Announced(long since) -> {
        if (now - since > LONGEST || (now - since > GRACE && quiet.getAsBoolean())) {
          say(in.close());
          phase = new Phase.Named(now);
        }
      }
      case Phase.Named(long since) -> {
        if (!quiet.getAsBoolean()) {
          phase = new Phase.Named(now);
        } else if (now - since > LINGER) {
          phase = new Phase.Closed();
          hangUp.run();
        }
      }
    }
  }

  private void announce(long now) {
    say(Integer.MAX_VALUE);
    phase = new Phase.Announced(now);
  }

  /** On a thread of its own: the client may be slow to read. */
  private void say(int lastStream) {
    Thread.ofVirtual().name("outcrop-go-away").start(() -> out.goAway(lastStream));
  }
}
