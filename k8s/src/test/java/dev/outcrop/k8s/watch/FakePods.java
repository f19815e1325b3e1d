package dev.outcrop.k8s.watch;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** The metrics page of pods: one port, so that all pods say the same. */
public final class FakePods implements AutoCloseable {
  /** The model that they serve. */
  public static final String MODEL = "meta.llama3-1-8b-instruct-v1:0";

  private final HttpServer server;
  private volatile String page = page(0, 0, 0);

  /** Starts to answer. */
  public FakePods() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext(
        "/metrics",
        exchange -> {
          byte[] body = page.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(body.length == 0 ? 500 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  /** The port. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** What they say from now on; nothing makes them fail. */
  public void say(String text) {
    page = text;
  }

  /** A page of a pod that learned to run 1,000 prompt tokens a second; one fewer wait than run. */
  public static String page(int running, int waitingPromptTokens, double kvUse) {
    return """
        outcrop_ready 1.0
        outcrop_model_up{model="MODEL"} 1.0
        outcrop_running{model="MODEL"} %d
        outcrop_waiting{model="MODEL"} %d
        outcrop_waiting_prompts{model="MODEL"} %d
        outcrop_waiting_prompt_tokens{model="MODEL"} %d
        outcrop_kv_units{model="MODEL"} 1000.0
        outcrop_kv_units_used{model="MODEL",state="referenced"} %d
        outcrop_prefill_tokens_per_second{model="MODEL"} 1000.0
        """
        .replace("MODEL", MODEL)
        .formatted(
            running,
            Math.max(0, running - 1),
            running,
            waitingPromptTokens,
            Math.round(kvUse * 1000));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
