package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;

/** A writer that notes when it waits for its client. One thread writes at a time. */
record WatchedWriter(DataWriter to, Line line) implements DataWriter {
  @Override
  public void write(BufferData... buffers) {
    watched(() -> to.write(buffers));
  }

  @Override
  public void write(BufferData buffer) {
    watched(() -> to.write(buffer));
  }

  @Override
  public void writeNow(BufferData... buffers) {
    watched(() -> to.writeNow(buffers));
  }

  @Override
  public void writeNow(BufferData buffer) {
    watched(() -> to.writeNow(buffer));
  }

  @Override
  public void flush() {
    watched(to::flush);
  }

  @Override
  public void close() {
    to.close();
  }

  private void watched(Runnable write) {
    line.writing();
    // A channel is closed by an interrupted thread, under everybody whose stream is on it.
    boolean interrupted = Thread.interrupted();
    try {
      write.run();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      line.written();
    }
  }
}
