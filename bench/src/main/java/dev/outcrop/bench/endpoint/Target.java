package dev.outcrop.bench.endpoint;

import dev.outcrop.bench.scenario.Question;
import java.io.IOException;
import java.net.URI;

/**
 * A server that answers in streams, by one of the APIs that it may speak. Safe for many threads.
 */
public sealed interface Target extends AutoCloseable permits ConverseTarget, OpenAiTarget {
  /** Told about an answer as it arrives, on the thread that asked. */
  interface Listener {
    /** One or more tokens came; the text is empty where they are no text. */
    void delta(String text);

    /**
     * What the server counted; at most once, at the end.
     *
     * @param inputTokens all tokens of the prompt
     * @param cachedTokens those of it that were in a cache, as far as the server tells
     */
    void usage(int inputTokens, int cachedTokens, int outputTokens);
  }

  /** The API. */
  Api api();

  /** Where it is, without what may be secret: scheme, host, port and path. */
  URI server();

  /** The model that it is asked for. */
  String model();

  /** What is sent to ask a question. Made before it is time to. */
  byte[] body(Question question);

  /**
   * Sends a body and returns when the answer is whole. A thread that is interrupted gives up.
   *
   * @throws dev.outcrop.serving.client.RefusedException where the server answers with an error
   * @throws IOException where it does not answer, or breaks off
   */
  void ask(byte[] body, Listener listener) throws IOException, InterruptedException;

  @Override
  void close();
}
