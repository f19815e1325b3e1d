package dev.outcrop.serving.http;

import com.sun.net.httpserver.HttpServer;
import dev.outcrop.batching.Health;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.json.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The port for probes, metrics and operators: cleartext HTTP/1.1, answered by threads of the system
 * that nothing else uses. The virtual threads of the API share a few carriers, so requests that
 * compute would keep a probe that were one of them from running at all, and an overload would look
 * like a process that is dead. Opened and closed by one thread.
 */
public final class ManagementPort implements AutoCloseable {
  /** Probes, scrapers and operators; each opens a few. */
  private static final int CONNECTIONS = 1_024;

  /** A request is a few lines, which come at once. */
  private static final int REQUEST_SECONDS = 5;

  private static final int RESPONSE_SECONDS = 60;

  /**
   * A server that is idle ends as soon as it is told to drain, which is an answer to be written.
   */
  private static final int LAST_WORDS_SECONDS = 2;

  static {
    // The JDK's server knows limits only as properties of the process. Nobody else uses it here.
    setting("jdk.httpserver.maxConnections", CONNECTIONS);
    setting("sun.net.httpserver.maxReqTime", REQUEST_SECONDS);
    setting("sun.net.httpserver.maxRspTime", RESPONSE_SECONDS);
    if (System.getProperty("sun.net.httpserver.nodelay") == null) {
      System.setProperty("sun.net.httpserver.nodelay", "true"); // head and body are two writes
    }
  }

  private final HttpServer server;
  private final ExecutorService threads;

  private ManagementPort(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * What the port shows and does.
   *
   * @param health how each model's engine loop is; empty while models load
   * @param metrics the exposition for an Accept header
   * @param admin who may change state, or null for nobody
   * @param drain begins a drain and returns at once
   */
  public record Parts(
      LifeCycle lifeCycle,
      Supplier<Map<String, Health>> health,
      Function<@Nullable String, MetricsPage> metrics,
      @Nullable Authenticator admin,
      Runnable drain,
      Json json) {}

  /** Opens the port; from now on it answers. */
  public static ManagementPort open(ManagementConfig config, Parts parts) {
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(config.host(), config.port()), 0);
    } catch (IOException | RuntimeException e) {
      throw new OutcropException(
          ServingError.START_FAILED,
          "cannot listen on %s port %d".formatted(config.host(), config.port()),
          e);
    }
    // A thread for each connection on which something came: one that stops in the middle of a
    // request holds its own only.
    ExecutorService threads =
        Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("outcrop-management-", 0).factory());
    server.setExecutor(threads);
    server.createContext("/", new Management(parts));
    server.start();
    return new ManagementPort(server, threads);
  }

  /** The port's number. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(LAST_WORDS_SECONDS); // at once where nothing is being answered
    threads.shutdownNow();
  }

  private static void setting(String name, int value) {
    if (System.getProperty(name) == null) {
      System.setProperty(name, String.valueOf(value));
    }
  }
}
