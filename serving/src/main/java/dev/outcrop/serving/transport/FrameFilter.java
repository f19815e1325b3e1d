package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import java.util.LinkedHashSet;
import java.util.function.Supplier;

/**
 * The bytes of an HTTP/2 connection (RFC 9113), all but two kinds of frames. Clients send GOAWAY
 * with NO_ERROR to say that they will open no more streams and go on reading the open ones; Helidon
 * 4.5 ends the connection at any GOAWAY (helidon issue 12341), so it must not see these. Nor may it
 * see a reset of a stream that has ended, as one has whose client gave up a moment too late: where
 * another stream is open, Helidon takes it for a stream that never was and ends the connection.
 *
 * <p>On the way it notes RST_STREAM, so that a request can tell that its client gave up. Read by
 * the connection's thread; watched by request threads.
 */
final class FrameFilter implements Supplier<byte[]>, ConnectionWatch {
  private static final int PREFACE = 24;
  private static final int HEADER = 9;
  private static final int RST_STREAM = 3;
  private static final int GOAWAY = 7;
  private static final int WINDOW_UPDATE = 8;
  private static final int GOAWAY_MIN = 8;

  /** Streams of each kind that are remembered. */
  private static final int KEPT = 4 * DualProtocolSelector.MAX_STREAMS;

  private final DataReader in;
  private final int maxFrame;
  private final SendWindow window;

  /** Streams that were reset, the newest last; those of requests that are over are taken out. */
  private final LinkedHashSet<Integer> resets = new LinkedHashSet<>();

  /** Streams whose requests are over, and their bodies read or dropped, the newest last. */
  private final LinkedHashSet<Integer> over = new LinkedHashSet<>();

  private volatile boolean anyReset;
  private long pass = PREFACE;
  private volatile boolean ended;

  FrameFilter(DataReader in, int maxFrame, SendWindow window) {
    this.in = in;
    this.maxFrame = maxFrame;
    this.window = window;
  }

  @Override
  public byte[] get() {
    try {
      while (true) {
        if (pass > 0) {
          in.ensureAvailable();
          byte[] part = in.readBytes((int) Math.min(pass, in.available()));
          pass -= part.length;
          return part;
        }
        nextFrame();
      }
    } catch (RuntimeException e) {
      ended();
      throw e;
    }
  }

  @Override
  public ClientWatch watch(int requestId) {
    return () -> ended || wasReset(requestId);
  }

  @Override
  public SendWindow window() {
    return window;
  }

  @Override
  public void over(int requestId) {
    synchronized (resets) {
      add(over, requestId);
      resets.remove(requestId);
      anyReset = !resets.isEmpty();
    }
  }

  @Override
  public void ended() {
    ended = true;
    window.close();
  }

  private void nextFrame() {
    BufferData head = in.getBuffer(HEADER);
    int length = head.readInt24();
    int type = head.read();
    head.skip(1);
    int stream = head.readInt32() & Integer.MAX_VALUE;
    if (type == RST_STREAM && length == Integer.BYTES && !reset(stream)) {
      in.skip(HEADER + length);
      return;
    }
    if (type == WINDOW_UPDATE && stream == 0 && length == Integer.BYTES) {
      window.granted(payload(0) & Integer.MAX_VALUE);
    }
    if (type == GOAWAY && stream == 0 && length >= GOAWAY_MIN && length <= maxFrame && noError()) {
      in.skip(HEADER + length);
    } else {
      pass = (long) HEADER + length;
    }
  }

  /** Whether the frame ahead, a GOAWAY, carries NO_ERROR. */
  private boolean noError() {
    return payload(Integer.BYTES) == 0;
  }

  /** Four bytes of the payload of the frame ahead; waits for them. */
  private int payload(int at) {
    BufferData frame = in.getBuffer(HEADER + at + Integer.BYTES);
    frame.skip(HEADER + at);
    return frame.readInt32();
  }

  /** Whether there is still something to reset. */
  private boolean reset(int stream) {
    synchronized (resets) {
      if (over.contains(stream)) {
        return false;
      }
      add(resets, stream);
      anyReset = true;
    }
    window.wake();
    return true;
  }

  private static void add(LinkedHashSet<Integer> streams, int stream) {
    streams.add(stream);
    if (streams.size() > KEPT) {
      streams.removeFirst();
    }
  }

  private boolean wasReset(int stream) {
    if (!anyReset) {
      return false;
    }
    synchronized (resets) {
      return resets.contains(stream);
    }
  }
}
