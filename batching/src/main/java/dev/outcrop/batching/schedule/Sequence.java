package dev.outcrop.batching.schedule;

import dev.outcrop.batching.kv.Runs;
import dev.outcrop.models.engine.Sampling;
import java.util.Arrays;

/**
 * One request as the scheduler sees it: a prompt to run, then tokens to generate one by one. After
 * {@link Scheduler#add} it belongs to the scheduler and its thread.
 *
 * <p>There is no prefill or decode phase to switch between: each step lets {@code computed} (tokens
 * whose KV is written) catch up with {@code length} (tokens known), and a row that catches up gets
 * the next token.
 */
public final class Sequence {
  /** Where a sequence stands. */
  enum Phase {
    NEW,
    WAITING,
    RUNNING,
    ENDED
  }

  private static final int[] NONE = {};

  final Sampling sampling;
  final int maxTokens;
  final int promptTokens;
  final Runs runs = new Runs();
  private final int[] stopTokens;

  Phase phase = Phase.NEW;
  int[] tokens;
  int length;
  int computed;

  /**
   * Creates a sequence that no scheduler knows yet.
   *
   * @param prompt token ids, at least one; read only
   * @param maxTokens the most tokens to generate, at least 1
   * @param sampling how to choose each token
   * @param stopTokens ids that end the sequence; read only
   */
  public Sequence(int[] prompt, int maxTokens, Sampling sampling, int[] stopTokens) {
    if (prompt.length == 0 || maxTokens < 1) {
      throw new IllegalArgumentException("a sequence needs a prompt and maxTokens >= 1");
    }
    this.tokens = prompt;
    this.length = prompt.length;
    this.promptTokens = prompt.length;
    this.maxTokens = maxTokens;
    this.sampling = sampling;
    this.stopTokens = stopTokens;
  }

  /** Tokens of the prompt. */
  public int promptTokens() {
    return promptTokens;
  }

  /** Tokens generated so far, a stop token included. */
  public int completionTokens() {
    return length - promptTokens;
  }

  /** The most tokens that this sequence can come to. */
  int capacity() {
    return promptTokens + maxTokens;
  }

  /** Prompt tokens whose KV is not written yet. */
  int promptTokensLeft() {
    return Math.max(0, promptTokens - computed);
  }

  boolean decoding() {
    return length > promptTokens;
  }

  /**
   * Makes room for the whole completion at once, so that no step allocates. Done at the start, not
   * at submit: a queued request costs its prompt only.
   */
  void start() {
    tokens = Arrays.copyOf(tokens, capacity());
    phase = Phase.RUNNING;
  }

  void append(int token) {
    tokens[length++] = token;
  }

  boolean stopsAt(int token) {
    for (int stop : stopTokens) {
      if (stop == token) {
        return true;
      }
    }
    return false;
  }

  void end() {
    phase = Phase.ENDED;
    tokens = NONE;
  }
}
