package dev.outcrop.bench.load;

import dev.outcrop.bench.endpoint.Target;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One request and what came of it. Written by the thread that sends it, read by others after it is
 * over. Times are those of System.nanoTime.
 */
final class Attempt implements Target.Listener {
  private static final int FEW = 64;

  private final boolean counts;
  private final long due;
  private final @Nullable StringBuilder text;
  private long sent;
  private long ended;
  private long[] deltas = new long[FEW];
  private int count;
  private int inputTokens;
  private int cachedTokens;
  private int outputTokens;
  private @Nullable String failure;

  /**
   * One that is due at a time.
   *
   * @param counts whether it is in the figures, or only warms up
   * @param keepsText whether the answer is needed for the next turn
   */
  Attempt(boolean counts, long due, boolean keepsText) {
    this.counts = counts;
    this.due = due;
    this.text = keepsText ? new StringBuilder() : null;
  }

  void sent(long nanos) {
    sent = nanos;
  }

  @Override
  public void delta(String more) {
    if (count == deltas.length) {
      deltas = Arrays.copyOf(deltas, 2 * count);
    }
    deltas[count++] = System.nanoTime();
    if (text != null) {
      text.append(more);
    }
  }

  @Override
  public void usage(int input, int cached, int output) {
    inputTokens = input;
    cachedTokens = cached;
    outputTokens = output;
  }

  /** It is over; a whole answer has tokens, and the server says how many. */
  void ended(long nanos, @Nullable String reason) {
    ended = nanos;
    if (reason != null) {
      failure = reason;
    } else if (count == 0) {
      failure = "no token";
    } else if (outputTokens == 0) {
      failure = "no usage";
    }
  }

  boolean counts() {
    return counts;
  }

  /** Why it failed, or null where a whole answer came. */
  @Nullable String failure() {
    return failure;
  }

  String text() {
    return text == null ? "" : text.toString();
  }

  long due() {
    return due;
  }

  long sent() {
    return sent;
  }

  long ended() {
    return ended;
  }

  int inputTokens() {
    return inputTokens;
  }

  int cachedTokens() {
    return cachedTokens;
  }

  int outputTokens() {
    return outputTokens;
  }

  /** Pieces in which the answer came; each may hold several tokens. */
  int deltas() {
    return count;
  }

  long delta(int index) {
    return deltas[index];
  }

  /** From when it was due to its first token. */
  long ttft() {
    return deltas[0] - due;
  }

  /** From when it was due to its last token. */
  long e2e() {
    return deltas[count - 1] - due;
  }

  /** Time per token after the first; not a number for an answer of one token. */
  double tpot() {
    return outputTokens < 2 ? Double.NaN : (double) (e2e() - ttft()) / (outputTokens - 1);
  }
}
