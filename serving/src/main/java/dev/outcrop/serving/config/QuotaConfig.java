package dev.outcrop.serving.config;

/**
 * What somebody may take of one server process; 0 is no limit.
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
}
