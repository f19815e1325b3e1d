package dev.outcrop.serving.auth;

import java.time.Duration;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * What a caller may take: of its own quota and of its tenant's, as far as they are this replica's.
 * Safe to use from any thread.
 */
public final class Allowance {
  /** Takes everything. */
  public static final Allowance UNLIMITED = new Allowance(List.of());

  private static final String TOO_MANY_REQUESTS =
      "Too many requests, please wait before trying again.";
  private static final String TOO_MANY_TOKENS = "Too many tokens, please wait before trying again.";

  private final List<Meter> meters;

  Allowance(List<Meter> meters) {
    this.meters = List.copyOf(meters);
  }

  /** What came of a wish. */
  public sealed interface Answer {
    /** It was granted; the share is given back. */
    record Granted(Share share) implements Answer {}

    /**
     * It was not, and nothing was taken.
     *
     * @param retryAfter when it may be worth another try
     */
    record Throttled(String message, Duration retryAfter) implements Answer {}
  }

  /** What was taken. Used by one thread at a time. */
  public static final class Share implements AutoCloseable {
    private final LongConsumer end;
    private boolean ended;

    private Share(LongConsumer end) {
      this.end = end;
    }

    /** Gives back all but so many tokens. The first call counts. */
    public void settle(long used) {
      if (!ended) {
        ended = true;
        end.accept(used);
      }
    }

    /** Gives everything back that was not settled. */
    @Override
    public void close() {
      settle(0);
    }
  }

  /** One request more; its share is closed when it is over. */
  public Answer request() {
    return requests(1, 0);
  }

  /**
   * What a request that is in counts for beyond one, because it asks for several completions.
   *
   * @param more how many, at least 1
   */
  public Answer moreOfARequest(int more) {
    return requests(more, 1);
  }

  /** The most completions that one request can ever ask for. */
  public int mostOfARequest() {
    return meters.stream().mapToInt(Meter::most).min().orElse(Integer.MAX_VALUE);
  }

  private Answer requests(int count, int before) {
    for (int i = 0; i < meters.size(); i++) {
      Duration wait = meters.get(i).enter(count, before);
      if (wait.isPositive()) {
        meters.subList(0, i).forEach(meter -> meter.undo(count));
        return new Answer.Throttled(TOO_MANY_REQUESTS, wait);
      }
    }
    return new Answer.Granted(new Share(used -> meters.forEach(meter -> meter.leave(count))));
  }

  /**
   * Tokens for a prompt and its completion; its share is settled with what these came to.
   *
   * @param amount the most that they can come to
   */
  public Answer tokens(long amount) {
    for (int i = 0; i < meters.size(); i++) {
      Duration wait = meters.get(i).reserve(amount);
      if (wait.isPositive()) {
        meters.subList(0, i).forEach(meter -> meter.settle(amount, 0));
        return new Answer.Throttled(TOO_MANY_TOKENS, wait);
      }
    }
    return new Answer.Granted(
        new Share(used -> meters.forEach(meter -> meter.settle(amount, used))));
  }
}
