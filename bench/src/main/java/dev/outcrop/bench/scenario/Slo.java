package dev.outcrop.bench.scenario;

/**
 * What a request has to keep to be good.
 *
 * @param ttftMs most milliseconds to the first token
 * @param tpotMs most milliseconds per token after it
 */
public record Slo(double ttftMs, double tpotMs) {
  /** Whether a request that came whole is good. */
  public boolean keeps(double ttft, double tpot) {
    return ttft <= ttftMs && tpot <= tpotMs;
  }
}
