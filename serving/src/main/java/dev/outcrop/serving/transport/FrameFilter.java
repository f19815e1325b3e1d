package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an HTTP/2 connection (RFC 9113), all but two kinds of frames. Clients send GOAWAY
 * with NO_ERROR to say that they will open no more streams and go on reading the open ones; Helidon
 * 4.5 ends the connection at any GOAWAY (helidon issue 12341), so it must not see these. Nor may it
 * see a reset of a stream that has ended, as one has whose client gave up a moment too late: where
 * another stream is open, Helidon takes it for a stream that never was and ends the connection.
 * {@link HeaderBlocks} is what it sees of headers.
 *
 * <p>On the way it notes RST_STREAM, so that a request can tell that its client gave up. Read by
 * the connection's thread; watched by request threads.
 */
final class FrameFilter implements Supplier<byte[]>, ConnectionWatch {
  private static final int PREFACE = 24;
  private static final int HEADER = 9;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int END_STREAM = 1;
  private static final int RST_STREAM = 3;
  private static final int GOAWAY = 7;
  private static final int WINDOW_UPDATE = 8;
  private static final int GOAWAY_MIN = 8;

  /** Resets that come before their request, which may never come, are kept up to this number. */
  private static final int RESETS_KEPT = 4 * DualProtocolSelector.MAX_STREAMS;

  /** Streams that have ended and are remembered. */
  private static final int OVER_KEPT = 1_024;

  private final DataReader in;
  private final int maxFrame;
  private final SendWindow window;
  private final HeaderBlocks headers;

  /** Streams that were reset, the newest last; those of requests that are over are taken out. */
  private final LinkedHashSet<Integer> resets = new LinkedHashSet<>();

  /** Streams that their clients have not ended yet. */
  private final Set<Integer> unfinished = new HashSet<>();

  /** The last streams that both sides ended, in a ring; null before the first. */
  private int @Nullable [] over;

  private int overCount;

  private int lastStream;

  /** Streams after this one are not let through. */
  private int limit = Integer.MAX_VALUE;

  private volatile boolean anyReset;
  private long pass = PREFACE;
  private volatile boolean ended;

  FrameFilter(DataReader in, int maxFrame, SendWindow window) {
    this.in = in;
    this.maxFrame = maxFrame;
    this.window = window;
    this.headers = new HeaderBlocks(in, maxFrame);
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
        byte[] block = nextFrame();
        if (block != null) {
          return block;
        }
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
      resets.remove(requestId);
      anyReset = !resets.isEmpty();
      if (!unfinished.contains(requestId)) {
        if (over == null) {
          over = new int[OVER_KEPT];
        }
        over[overCount++ % OVER_KEPT] = requestId;
        overCount %= OVER_KEPT;
      }
    }
  }

  @Override
  public void ended() {
    ended = true;
    window.close();
  }

  /** The newest stream that came; 0 where none has. */
  int lastStream() {
    synchronized (resets) {
      return lastStream;
    }
  }

  /**
   * Lets no stream through from now on but those that have come.
   *
   * @return the newest of them
   */
  int close() {
    synchronized (resets) {
      limit = Math.min(limit, lastStream);
      return limit;
    }
  }

  /** Decides about the frame ahead; those of a header block are returned. */
  private byte @Nullable [] nextFrame() {
    BufferData head = in.getBuffer(HEADER);
    int length = head.readInt24();
    int type = head.read();
    int flags = head.read();
    int stream = head.readInt32() & Integer.MAX_VALUE;
    if (!welcome(type, stream)) {
      in.skip(HEADER + length);
      return null;
    }
    if (type == RST_STREAM && length == Integer.BYTES && !reset(stream)) {
      in.skip(HEADER + length);
      return null;
    }
    if (type == HEADERS || (type == DATA && (flags & END_STREAM) != 0)) {
      came(stream, (flags & END_STREAM) != 0);
    } else if (type == WINDOW_UPDATE && stream == 0 && length == Integer.BYTES) {
      window.granted(payload(0) & Integer.MAX_VALUE);
    }
    if (type == HEADERS) {
      return headers.read();
    }
    if (type == GOAWAY && stream == 0 && length >= GOAWAY_MIN && length <= maxFrame && noError()) {
      in.skip(HEADER + length);
    } else {
      pass = (long) HEADER + length;
    }
    return null;
  }

  /** Whether a frame is of the connection, or of a stream that may come. */
  private boolean welcome(int type, int stream) {
    synchronized (resets) {
      if (stream > limit) {
        return false;
      }
      if (type == HEADERS) {
        lastStream = Math.max(lastStream, stream);
      }
      return true;
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
      if (isOver(stream)) {
        return false;
      }
      unfinished.remove(stream);
      resets.add(stream);
      if (resets.size() > RESETS_KEPT) {
        resets.removeFirst();
      }
      anyReset = true;
    }
    window.wake();
    return true;
  }

  /** A request's head came, or its end. */
  private void came(int stream, boolean end) {
    synchronized (resets) {
      if (end) {
        unfinished.remove(stream);
      } else if (unfinished.size() < RESETS_KEPT) {
        unfinished.add(stream);
      }
    }
  }

  private boolean isOver(int stream) {
    if (over != null) {
      for (int each : over) {
        if (each == stream) {
          return true;
        }
      }
    }
    return false;
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
