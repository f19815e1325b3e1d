package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.webserver.CloseConnectionException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * TLS (RFC 8446) over the cleartext reader and writer of a connection. Helidon 4.5 has its own, but
 * that looks up the name of every client's address before it begins, and it cannot be hung up on
 * while somebody shakes hands or writes: its close waits for them.
 *
 * <p>One thread reads at a time, and any may write. The first read shakes hands; nobody writes
 * before that.
 */
final class TlsLayer implements Supplier<byte[]>, DataWriter {
  /** The most that a record carries. */
  private static final int RECORD = 16_384;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SSLEngine engine;
  private final DataReader in;
  private final DataWriter out;
  private final ReentrantLock writing = new ReentrantLock();
  private ByteBuffer received = NOTHING;
  private ByteBuffer sealed;
  private int room;

  TlsLayer(SSLEngine engine, DataReader in, DataWriter out) {
    this.engine = engine;
    this.in = in;
    this.out = out;
    this.sealed = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
  }

  /** The next bytes in the clear; at least one. */
  @Override
  public byte[] get() {
    try {
      while (true) {
        ByteBuffer clear = ByteBuffer.allocate(Math.max(room, received.remaining()));
        SSLEngineResult result = engine.unwrap(received, clear);
        switch (result.getStatus()) {
          case BUFFER_UNDERFLOW -> receive();
          case BUFFER_OVERFLOW -> room = engine.getSession().getApplicationBufferSize();
          case CLOSED -> throw new DataReader.InsufficientDataAvailableException();
          case OK -> room = 0;
        }
        shakeHands();
        if (clear.position() > 0) {
          return Arrays.copyOf(clear.array(), clear.position());
        }
      }
    } catch (SSLException e) {
      close();
      throw new CloseConnectionException("the client speaks no TLS that is spoken here", e);
    }
  }

  @Override
  public void write(BufferData... buffers) {
    writeNow(buffers);
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
    writing.lock();
    try {
      while (!buffer.consumed()) {
        ByteBuffer clear = ByteBuffer.allocate(Math.min(RECORD, buffer.available()));
        buffer.writeTo(clear, clear.capacity());
        clear.flip();
        while (clear.hasRemaining()) {
          if (seal(clear).getStatus() == SSLEngineResult.Status.CLOSED) {
            throw new UncheckedIOException(new SocketException("the connection is closed"));
          }
        }
      }
    } catch (SSLException e) {
      throw new UncheckedIOException(e);
    } finally {
      writing.unlock();
    }
  }

  @Override
  public void flush() {
    out.flush();
  }

  /**
   * Tells the client that nothing more comes, or what was wrong; the socket is closed by others.
   */
  @Override
  public void close() {
    writing.lock();
    try {
      engine.closeOutbound();
      while (!engine.isOutboundDone() && seal(NOTHING).bytesProduced() > 0) {
        // until all is said
      }
    } catch (SSLException | RuntimeException e) {
      // The client does not listen any more.
    } finally {
      writing.unlock();
    }
  }

  private void receive() {
    in.ensureAvailable();
    byte[] more = in.readBytes(in.available());
    received =
        received.hasRemaining()
            ? ByteBuffer.allocate(received.remaining() + more.length).put(received).put(more).flip()
            : ByteBuffer.wrap(more);
  }

  /** Does what the handshake wants from this side. */
  private void shakeHands() throws SSLException {
    while (true) {
      HandshakeStatus wanted = engine.getHandshakeStatus();
      if (wanted == HandshakeStatus.NEED_TASK) {
        for (Runnable task = engine.getDelegatedTask();
            task != null;
            task = engine.getDelegatedTask()) {
          task.run();
        }
      } else if (wanted == HandshakeStatus.NEED_WRAP) {
        if (sealNothing().getStatus() == SSLEngineResult.Status.CLOSED) {
          return;
        }
      } else {
        return;
      }
    }
  }

  private SSLEngineResult sealNothing() throws SSLException {
    writing.lock();
    try {
      return seal(NOTHING);
    } finally {
      writing.unlock();
    }
  }

  /** Sends a record of as much as fits; the caller holds the lock. */
  private SSLEngineResult seal(ByteBuffer clear) throws SSLException {
    while (true) {
      sealed.clear();
      SSLEngineResult result = engine.wrap(clear, sealed);
      if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
        sealed = ByteBuffer.allocate(2 * sealed.capacity());
        continue;
      }
      if (sealed.position() > 0) {
        out.writeNow(BufferData.create(sealed.array(), 0, sealed.position()));
      }
      return result;
    }
  }
}
