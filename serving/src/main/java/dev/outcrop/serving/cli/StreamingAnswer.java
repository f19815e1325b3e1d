package dev.outcrop.serving.cli;

import dev.outcrop.serving.client.ConverseStreamClient;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;

/** Asks a server over ConverseStream and prints the answer as it arrives. Used by one thread. */
final class StreamingAnswer {
  private final PrintStream out;
  private long nanos;
  private int outputTokens;

  StreamingAnswer(PrintStream out) {
    this.out = out;
  }

  /** Streams one answer; tells whether it came whole. */
  boolean ask(URI server, String model, String question) throws InterruptedException {
    try (ConverseStreamClient client = new ConverseStreamClient(server, model, null)) {
      long began = System.nanoTime();
      client.ask(
          question,
          ConverseStreamClient.DEFAULTS,
          new ConverseStreamClient.Listener() {
            @Override
            public void delta(String text) {
              out.print(text);
              out.flush();
            }

            @Override
            public void ended(int tokens) {
              nanos = System.nanoTime() - began;
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

  /** Seconds from the question to the end of the answer. */
  double seconds() {
    return nanos / 1e9;
  }

  /**
   * Tokens per second of that time. Not after the first token only: the first ones of a short
   * answer can wait in a fresh client and arrive at once, which makes rates that no engine has.
   */
  double tokensPerSecond() {
    return outputTokens / Math.max(1e-9, seconds());
  }
}
