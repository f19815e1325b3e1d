package dev.outcrop.serving.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/** Passes connections on, but cuts answers with a large body after so many bytes, so many times. */
final class BreakingProxy implements AutoCloseable {
  private static final int LISTING = 10_000;

  private final ServerSocket socket;
  private final int to;
  private final int after;
  private final AtomicInteger left;
  private final AtomicInteger broken = new AtomicInteger();

  BreakingProxy(int to, int after, int times) throws IOException {
    this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.to = to;
    this.after = after;
    this.left = new AtomicInteger(times);
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return socket.getLocalPort();
  }

  int broken() {
    return broken.get();
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), to);
        Thread.ofVirtual().start(() -> pass(client, server, false));
        Thread.ofVirtual().start(() -> pass(server, client, true));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void pass(Socket from, Socket into, boolean answer) {
    long passed = 0;
    byte[] buffer = new byte[8_192];
    try (from;
        into) {
      InputStream in = from.getInputStream();
      OutputStream out = into.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
        passed += read;
        if (answer && passed > Math.max(LISTING, after) && left.getAndDecrement() > 0) {
          broken.incrementAndGet();
          return;
        }
      }
    } catch (IOException e) {
      // the other side is gone, which is what a proxy passes on
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
