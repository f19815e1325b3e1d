package dev.outcrop.serving.transport;

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
 * <p>{@link #watch} and {@link #get} are called on the connection's thread.
 */
final class ReadAhead implements Supplier<byte[]>, ConnectionWatch {
  private final DataReader in;
  private @Nullable FutureTask<byte[]> ahead;
  private volatile boolean ended;

  ReadAhead(DataReader in) {
    this.in = in;
  }

  @Override
  public ClientWatch watch(int requestId) {
    if (ahead == null) {
      ahead = new FutureTask<>(this::readOrEnd);
      Thread.ofVirtual().name("outcrop-read-ahead").start(ahead);
    }
    return () -> ended;
  }

  @Override
  public void ended() {
    ended = true;
  }

  @Override
  public byte[] get() {
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
    } catch (DataReader.InsufficientDataAvailableException | UncheckedIOException e) {
      ended = true;
      throw e;
    }
  }

  private byte[] read() {
    in.ensureAvailable();
    return in.readBytes(in.available());
  }
}
