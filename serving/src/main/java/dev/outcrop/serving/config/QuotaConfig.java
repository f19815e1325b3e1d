package dev.outcrop.serving.config;

/**
 * What somebody may take of all replicas of one model together; 0 is no limit. Other models give as
 * much again where processes of their own serve them, whose replicas are counted by themselves.
 *
 * @param requestsPerMinute requests; a full minute's worth may come at once
 * @param tokensPerMinute tokens of prompts and completions, likewise
 * @param concurrentRequests requests that are in at the same time
 */
public record QuotaConfig(int requestsPerMinute, int tokensPerMinute, int concurrentRequests) {
  /** No limits. */
  public static final QuotaConfig DEFAULT = new QuotaConfig(0, 0, 0);

  /** Checks the values. */
  public QuotaConfig {
    Check.range("requests-per-minute", requestsPerMinute, 0, Integer.MAX_VALUE);
    Check.range("tokens-per-minute", tokensPerMinute, 0, Integer.MAX_VALUE);
    Check.range("concurrent-requests", concurrentRequests, 0, Integer.MAX_VALUE);
  }

  /** One replica's share: rounded down, but never less than one of what is limited. */
  public QuotaConfig sharedBy(int replicas) {
    return new QuotaConfig(
        share(requestsPerMinute, replicas),
        share(tokensPerMinute, replicas),
        share(concurrentRequests, replicas));
  }

  private static int share(int limit, int replicas) {
    return limit == 0 ? 0 : Math.max(1, limit / replicas);
  }
}
