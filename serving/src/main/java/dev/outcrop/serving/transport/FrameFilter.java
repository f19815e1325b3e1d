package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * The bytes of an HTTP/2 connection (RFC 9113), all but graceful GOAWAY frames. Clients send GOAWAY
 * with NO_ERROR to say that they will open no more streams and go on reading the open ones; Helidon
 * 4.5 ends the connection at any GOAWAY (helidon issue 12341), so it must not see these.
 *
 * <p>On the way it notes RST_STREAM, so that a request can tell that its client gave up. Read by
 * the connection's thread; watched by request threads.
 */
final class FrameFilter implements Supplier<byte[]>, ConnectionWatch {
  private static final int PREFACE = 24;
  private static final int HEADER = 9;
  private static final int RST_STREAM = 3;
  private static final int GOAWAY = 7;
  private static final int GOAWAY_MIN = 8;
  private static final int RESETS_KEPT = 256;

  private final DataReader in;
  private final int maxFrame;
  private final int[] resets = new int[RESETS_KEPT];
  private volatile int resetCount;
  private long pass = PREFACE;
  private volatile boolean ended;

  FrameFilter(DataReader in, int maxFrame) {
    this.in = in;
    this.maxFrame = maxFrame;
    Arrays.fill(resets, -1);
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
      ended = true;
      throw e;
    }
  }

  @Override
  public ClientWatch watch(int requestId) {
    return () -> ended || wasReset(requestId);
  }

  @Override
  public void ended() {
    ended = true;
  }

  private void nextFrame() {
    BufferData head = in.getBuffer(HEADER);
    int length = head.readInt24();
    int type = head.read();
    head.skip(1);
    int stream = head.readInt32() & Integer.MAX_VALUE;
    if (type == RST_STREAM) {
      reset(stream);
    }
    if (type == GOAWAY && stream == 0 && length >= GOAWAY_MIN && length <= maxFrame && noError()) {
      in.skip(HEADER + length);
    } else {
      pass = (long) HEADER + length;
    }
  }

  /**
   * Whether the frame ahead, a GOAWAY, carries NO_ERROR. Waits for its first 8 bytes of payload.
   */
  private boolean noError() {
    BufferData frame = in.getBuffer(HEADER + GOAWAY_MIN);
    frame.skip(HEADER + Integer.BYTES);
    return frame.readInt32() == 0;
  }

  private void reset(int stream) {
    synchronized (resets) {
      resets[resetCount % RESETS_KEPT] = stream;
      resetCount = (resetCount + 1) & Integer.MAX_VALUE;
    }
  }

  private boolean wasReset(int stream) {
    if (resetCount == 0) {
      return false;
    }
    synchronized (resets) {
      for (int reset : resets) {
        if (reset == stream) {
          return true;
        }
      }
      return false;
    }
  }
}
