package dev.outcrop.serving.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hands each connection to the next backend that is ready, byte by byte, as a Service of Kubernetes
 * does. Only a connect that was refused is tried again, elsewhere.
 */
public final class Balancer implements AutoCloseable {
  private static final int LOOK_MILLIS = 50;

  private final ServerSocket socket;
  private final List<Backend> backends = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger next = new AtomicInteger();
  private final Thread looks;

  /** A server behind it. */
  public static final class Backend {
    private final int port;
    private final int management;
    private final AtomicInteger connections = new AtomicInteger();
    private volatile boolean ready;

    private Backend(int port, int management, boolean ready) {
      this.port = port;
      this.management = management;
      this.ready = ready;
    }

    /** Connections that it got. */
    public int connections() {
      return connections.get();
    }

    /** Whether it gets any. */
    public boolean ready() {
      return ready;
    }
  }

  public Balancer() throws IOException {
    socket = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
    looks = Thread.ofPlatform().daemon().start(this::lookAtAll);
  }

  /** Adds a backend that gets connections while its {@code /readyz} says so. */
  public Backend add(int port, int management) {
    Backend backend = new Backend(port, management, false);
    backends.add(backend);
    return backend;
  }

  /** Adds one that always gets connections. */
  public Backend add(int port) {
    Backend backend = new Backend(port, 0, true);
    backends.add(backend);
    return backend;
  }

  public int port() {
    return socket.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    looks.interrupt();
    socket.close();
    for (Socket each : open) {
      each.close();
    }
  }

  private void lookAtAll() {
    try {
      while (true) {
        for (Backend backend : backends) {
          if (backend.management > 0) {
            backend.ready = isReady(backend.management);
          }
        }
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isReady(int management) {
    try (RawHttp http = new RawHttp(management)) {
      http.write(RawHttp.request("GET", "/readyz", "", ""));
      return http.status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket client = socket.accept();
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // It was closed.
    }
  }

  private void serve(Socket client) {
    open.add(client);
    try (client;
        Socket server = connected()) {
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      open.add(server);
      Thread back = Thread.ofVirtual().start(() -> copy(server, client));
      copy(client, server);
      back.join();
      open.remove(server);
    } catch (IOException e) {
      // Either side went away; the other is told by the close.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(client);
    }
  }

  private Socket connected() throws IOException {
    List<Backend> ready = new ArrayList<>(backends.stream().filter(Backend::ready).toList());
    IOException refused = new IOException("no backend is ready");
    while (!ready.isEmpty()) {
      Backend backend = ready.remove(Math.floorMod(next.getAndIncrement(), ready.size()));
      try {
        Socket server = new Socket(InetAddress.getLoopbackAddress(), backend.port);
        backend.connections.incrementAndGet();
        return server;
      } catch (IOException e) {
        refused = e;
      }
    }
    throw refused;
  }

  /** Hands on what comes until the end, and the end. */
  private static void copy(Socket from, Socket to) {
    byte[] piece = new byte[16_384];
    try {
      InputStream in = from.getInputStream();
      for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
        to.getOutputStream().write(piece, 0, length);
      }
      to.shutdownOutput();
    } catch (IOException | UncheckedIOException e) {
      closed(from);
      closed(to);
    }
  }

  private static void closed(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed as well as it can be.
    }
  }
}
