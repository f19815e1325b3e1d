package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import java.io.UncheckedIOException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A writer of HTTP/2 frames, one at a time, that tells how much of the window they use up. A GOAWAY
 * of ours goes between them, where a frame may stand: after the settings, and in no header block.
 *
 * <p>Helidon 4.5 says of every connection that it ends that none of its streams was served, upon
 * which clients send those requests again; here it names the last one that came.
 */
final class FrameCounter implements DataWriter {
  private static final int HEADER = 9;
  private static final int TYPE = 3;
  private static final int FLAGS = 4;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int GOAWAY = 7;
  private static final int CONTINUATION = 9;
  private static final int END_HEADERS = 4;
  private static final int CODE = HEADER + Integer.BYTES;

  private final DataWriter to;
  private final SendWindow window;
  private final FrameFilter in;
  private final ReentrantLock lock = new ReentrantLock();

  /** Whether a frame that belongs to no stream may be next. */
  private boolean between;

  /** The last GOAWAY that waits for its turn, and the last that was sent; -1 before the first. */
  private int waiting = -1;

  private int told = -1;

  FrameCounter(DataWriter to, SendWindow window, FrameFilter in) {
    this.to = to;
    this.window = window;
    this.in = in;
  }

  /**
   * Tells the client that streams after one are not served; {@link Integer#MAX_VALUE} only asks it
   * to open no more. Waits while others write.
   */
  void goAway(int lastStream) {
    lock.lock();
    try {
      waiting = waiting < 0 ? lastStream : Math.min(waiting, lastStream);
      sayWhatWaits();
    } catch (UncheckedIOException | IllegalStateException e) {
      // The connection is over, which is what was to be said.
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void write(BufferData... buffers) {
    write(BufferData.create(buffers));
  }

  @Override
  public void write(BufferData buffer) {
    writeNow(buffer);
  }

  @Override
  public void writeNow(BufferData... buffers) {
    writeNow(BufferData.create(buffers));
  }

  @Override
  public void writeNow(BufferData buffer) {
    int type = at(buffer, TYPE);
    int data = type == DATA ? length(buffer) : 0;
    lock.lock();
    try {
      if (type == GOAWAY && noError(buffer)) {
        waiting = in.close();
      } else {
        boolean ends =
            (type != HEADERS && type != CONTINUATION) || (at(buffer, FLAGS) & END_HEADERS) != 0;
        to.writeNow(buffer);
        between = ends;
      }
      sayWhatWaits();
    } finally {
      lock.unlock();
    }
    if (data > 0) {
      window.sent(data);
    }
  }

  @Override
  public void flush() {
    to.flush();
  }

  @Override
  public void close() {
    to.close();
  }

  private void sayWhatWaits() {
    if (waiting < 0 || !between) {
      return;
    }
    int last = waiting;
    waiting = -1;
    if (told < 0 || last < told) {
      told = last;
      BufferData frame = BufferData.create(CODE + Integer.BYTES);
      frame.writeInt24(2 * Integer.BYTES);
      frame.write(GOAWAY);
      frame.write(0);
      frame.writeInt32(0);
      frame.writeInt32(last);
      frame.writeInt32(0);
      to.writeNow(frame);
    }
  }

  private static boolean noError(BufferData frame) {
    return at(frame, CODE) == 0
        && at(frame, CODE + 1) == 0
        && at(frame, CODE + 2) == 0
        && at(frame, CODE + 3) == 0;
  }

  private static int length(BufferData frame) {
    return at(frame, 0) << Short.SIZE | at(frame, 1) << Byte.SIZE | at(frame, 2);
  }

  private static int at(BufferData frame, int index) {
    return Byte.toUnsignedInt((byte) frame.get(index));
  }
}
