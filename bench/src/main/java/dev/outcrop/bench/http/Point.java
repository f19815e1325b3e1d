package dev.outcrop.bench.http;

import java.util.LinkedHashMap;
import java.util.Map;

/** What one run gave. */
record Point(PacedBatcher.Pace pace, double seconds, LoadClient.Received received, Work work) {
  static final String HEADER =
      "streams  offered/s  received/s  flush/token  mean ms  p50 ms  p99 ms  cpu us/token  B/token";
  private static final double NANOS_PER_MILLI = 1e6;

  double tokensPerSecond() {
    return received.tokens() / seconds;
  }

  double flushesPerToken() {
    return (double) received.writes() / Math.max(1, received.tokens());
  }

  double p99Ms() {
    return received.delays().percentile(0.99) / NANOS_PER_MILLI;
  }

  Map<String, Number> figures() {
    Map<String, Number> figures = new LinkedHashMap<>();
    figures.put("streams", pace.streams());
    figures.put("offeredTokensPerSecond", pace.tokensPerSecond());
    figures.put("tokensPerSecond", tokensPerSecond());
    figures.put("flushesPerToken", flushesPerToken());
    figures.put("addedMeanMs", received.delays().mean() / NANOS_PER_MILLI);
    figures.put("addedP50Ms", received.delays().percentile(0.5) / NANOS_PER_MILLI);
    figures.put("addedP99Ms", p99Ms());
    figures.put("cpuMicrosPerToken", perToken(work.cpuNanos() / 1e3));
    figures.put("bytesPerToken", perToken((double) work.bytes()));
    return figures;
  }

  String row() {
    return "%7d %10.0f %11.0f %12.3f %8.2f %7.2f %7.2f %13.1f %8.0f"
        .formatted(
            pace.streams(),
            pace.tokensPerSecond(),
            tokensPerSecond(),
            flushesPerToken(),
            received.delays().mean() / NANOS_PER_MILLI,
            received.delays().percentile(0.5) / NANOS_PER_MILLI,
            p99Ms(),
            perToken(work.cpuNanos() / 1e3),
            perToken((double) work.bytes()));
  }

  private double perToken(double sum) {
    return sum / Math.max(1, received.tokens());
  }
}
