package dev.outcrop.serving.cli;

import dev.outcrop.serving.client.ConverseStreamClient;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;

/** Asks a server over ConverseStream and prints the answer as it arrives. Used by one thread. */
final class StreamingAnswer {
  private final PrintStream out;
  private long firstNanos;
  private long lastNanos;
  private int outputTokens;

  StreamingAnswer(PrintStream out) {
    this.out = out;
  }

  /** Streams one answer; tells whether it came whole. */
  boolean ask(URI server, String model, String question) throws InterruptedException {
    try (ConverseStreamClient client = new ConverseStreamClient(server, model, null)) {
      client.ask(
          question,
          ConverseStreamClient.DEFAULTS,
          new ConverseStreamClient.Listener() {
            @Override
            public void delta(String text) {
              firstNanos = firstNanos == 0 ? System.nanoTime() : firstNanos;
              out.print(text);
              out.flush();
            }

            @Override
            public void ended(int tokens) {
              lastNanos = System.nanoTime();
              outputTokens = tokens;
            }
          });
    } catch (IOException e) {
      out.println(e.getMessage());
      return false;
    }
    out.println();
    return outputTokens > 0;
  }

  /** Tokens of the answer, as the server counted them. */
  int outputTokens() {
    return outputTokens;
  }

  /** Tokens per second after the first. */
  double tokensPerSecond() {
    return (outputTokens - 1) / Math.max(1e-9, (lastNanos - firstNanos) / 1e9);
  }
}
