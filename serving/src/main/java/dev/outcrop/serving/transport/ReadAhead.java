package dev.outcrop.serving.transport;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import io.helidon.common.buffers.DataReader;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an HTTP/1.1 connection. While a request is answered nobody reads its connection, so
 * a client that hangs up goes unnoticed until a write fails. This reads ahead on a virtual thread
 * of its own: end of input means the client is gone, bytes are kept for the next request.
 *
 * <p>It also bounds what Helidon buffers: a chunk of a body, or a line that never ends.
 *
 * <p>{@link #watch}, {@link #get} and {@link #drop} are called on the connection's thread.
 */
final class ReadAhead implements Supplier<byte[]>, ConnectionWatch {
  /** What any connection may buffer; the head of a request fits. */
  private static final int LITTLE = 32 * 1_024;

  /** How much of what is buffered more has to come before all of it is measured again. */
  private static final int PART = 8;

  private final DataReader in;
  private final Line line;
  private final int maxBody;
  private final ByteBudget.Hold memory;
  private final DataReader reader;
  private final SendWindow window = SendWindow.unlimited();
  private @Nullable FutureTask<byte[]> ahead;
  private long buffered;
  private long measureAt = LITTLE;
  private volatile boolean ended;

  ReadAhead(DataReader in, Line line, TransportLimits limits) {
    this.in = in;
    this.line = line;
    this.maxBody = limits.maxBody();
    this.memory = limits.bodies().hold();
    this.reader = DataReader.create(this);
  }

  /** The reader that Helidon gets. */
  DataReader reader() {
    return reader;
  }

  @Override
  public ClientWatch watch(int requestId) {
    if (ahead == null) {
      measured(reader.available());
      ahead = new FutureTask<>(this::readOrEnd);
      Thread.ofVirtual().name("outcrop-read-ahead").start(ahead);
    }
    return () -> ended;
  }

  @Override
  public SendWindow window() {
    return window;
  }

  @Override
  public void over(int requestId) {
    // Nothing is kept of a request.
  }

  @Override
  public void ended() {
    ended = true;
    memory.close();
  }

  @Override
  public byte[] get() {
    byte[] bytes = next();
    line.requestBegan();
    buffered += bytes.length;
    if (buffered > measureAt) {
      measured((long) reader.available() + bytes.length);
    }
    return bytes;
  }

  /** Reads to the end of the connection and keeps nothing. */
  void drop() {
    try {
      while (true) {
        in.ensureAvailable();
        in.skip(in.available());
      }
    } catch (RuntimeException e) {
      // The client hung up, or somebody else did; either way this is the end that was awaited.
      ended = true;
    }
  }

  private byte[] next() {
    FutureTask<byte[]> task = ahead;
    ahead = null;
    if (task == null) {
      return read();
    }
    try {
      return task.get();
    } catch (InterruptedException e) {
      task.cancel(true);
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new ClosedByInterruptException());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("reading ahead failed", e);
    }
  }

  private byte[] readOrEnd() {
    try {
      return read();
    } catch (RuntimeException e) {
      ended = true;
      throw e;
    }
  }

  private byte[] read() {
    in.ensureAvailable();
    return in.readBytes(in.available());
  }

  /** Measuring takes time that grows with what is buffered, so it is done now and then. */
  private void measured(long bytes) {
    buffered = bytes;
    measureAt = bytes + Math.max(LITTLE, bytes / PART);
    if (bytes > (long) maxBody + LITTLE) {
      throw new OutcropException(
          ServingError.BODY_TOO_LARGE,
          "The request body is larger than the limit of %d bytes.".formatted(maxBody));
    }
    if (!memory.resize(Math.max(0, bytes - LITTLE))) {
      throw new OutcropException(
          ServingError.OVERLOADED, "Too many large requests, please wait before trying again.");
    }
  }
}
