package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;

/** A writer of HTTP/2 frames, one at a time, that tells how much of the window they use up. */
record FrameCounter(DataWriter to, SendWindow window) implements DataWriter {
  private static final int TYPE = 3;
  private static final int DATA = 0;

  @Override
  public void write(BufferData... buffers) {
    write(BufferData.create(buffers));
  }

  @Override
  public void write(BufferData buffer) {
    int data = data(buffer);
    to.write(buffer);
    count(data);
  }

  @Override
  public void writeNow(BufferData... buffers) {
    writeNow(BufferData.create(buffers));
  }

  @Override
  public void writeNow(BufferData buffer) {
    int data = data(buffer);
    to.writeNow(buffer);
    count(data);
  }

  @Override
  public void flush() {
    to.flush();
  }

  @Override
  public void close() {
    to.close();
  }

  private void count(int data) {
    if (data > 0) {
      window.sent(data);
    }
  }

  private static int data(BufferData frame) {
    return at(frame, TYPE) == DATA
        ? at(frame, 0) << Short.SIZE | at(frame, 1) << Byte.SIZE | at(frame, 2)
        : 0;
  }

  private static int at(BufferData frame, int index) {
    return Byte.toUnsignedInt((byte) frame.get(index));
  }
}
