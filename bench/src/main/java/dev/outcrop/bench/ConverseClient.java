package dev.outcrop.bench;

import dev.outcrop.serving.client.ConverseStreamClient;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Times streams of a server, event by event. Safe for many threads. */
final class ConverseClient implements AutoCloseable {
  private final URI server;
  private final ConverseStreamClient client;

  ConverseClient(URI server, String model, @Nullable String key) {
    this.server = server;
    this.client = new ConverseStreamClient(server, model, key);
  }

  /**
   * One finished stream.
   *
   * @param startNanos when the request was sent
   * @param eventNanos when each text delta arrived
   * @param outputTokens what the server counted
   */
  record Streamed(long startNanos, long[] eventNanos, int outputTokens) {
    long firstNanos() {
      return eventNanos[0];
    }

    long lastNanos() {
      return eventNanos[eventNanos.length - 1];
    }

    /** Tokens that arrived in a span of time; a delta may carry several tokens. */
    double tokensBetween(long from, long to) {
      long deltas = Arrays.stream(eventNanos).filter(at -> at > from && at <= to).count();
      return deltas * (double) outputTokens / eventNanos.length;
    }
  }

  Streamed stream(String prompt, int maxTokens) throws IOException, InterruptedException {
    Arrivals arrivals = new Arrivals(maxTokens + 1);
    long start = System.nanoTime();
    try {
      client.ask(prompt, maxTokens, arrivals);
    } catch (ConnectException e) { // has no message of its own
      throw new IOException("nobody answers at " + server, e);
    }
    if (arrivals.events == 0 || arrivals.outputTokens == 0) {
      throw new IOException("the stream ended without text or without usage");
    }
    return new Streamed(
        start, Arrays.copyOf(arrivals.nanos, arrivals.events), arrivals.outputTokens);
  }

  /** When the deltas of one stream arrived. */
  private static final class Arrivals implements ConverseStreamClient.Listener {
    private final long[] nanos;
    private int events;
    private int outputTokens;

    Arrivals(int most) {
      nanos = new long[most];
    }

    @Override
    public void delta(String text) {
      nanos[events++] = System.nanoTime();
    }

    @Override
    public void ended(int tokens) {
      outputTokens = tokens;
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
