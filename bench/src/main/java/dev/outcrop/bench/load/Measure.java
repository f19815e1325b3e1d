package dev.outcrop.bench.load;

import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.scenario.Slo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What one repeat of a point gave. Requests are added by their threads as they end; what takes
 * memory is bounded, whatever the run's length.
 */
final class Measure {
  /** The most requests whose single values are kept. */
  static final int MOST_SAMPLES = 1_000;

  /** Where the end of the window is not known yet. */
  private static final long NEVER = Long.MAX_VALUE;

  private static final int MOST_SECONDS = 100_000;
  private static final double NANOS = 1e9;
  private static final double NANOS_PER_MS = 1e6;

  private final Slo slo;
  private final long begin;
  private final Times ttft = new Times();
  private final Times tpot = new Times();
  private final Times itl = new Times();
  private final Times e2e = new Times();
  private final Times lag = new Times();
  private final Times inputRate = new Times();
  private final Map<String, Integer> failures = new TreeMap<>();
  private final Reservoir<Sample> samples;
  private final Reservoir<Double> gaps;
  private double[] tokensOfSecond = new double[64];
  private long firstDue = Long.MAX_VALUE;
  private long lastDue = Long.MIN_VALUE;
  private long lastEnd = Long.MIN_VALUE;
  private final boolean closed;
  private final Totals counted = new Totals();
  private final Totals inWindow = new Totals();
  private long windowFrom = NEVER;
  private long windowTo = NEVER;
  private int due;
  private int failed;

  /** What requests that came whole add up to. */
  private static final class Totals {
    private int completed;
    private int good;
    private long inputTokens;
    private long cachedTokens;
    private long outputTokens;

    void add(Attempt attempt, boolean keeps) {
      completed++;
      good += keeps ? 1 : 0;
      inputTokens += attempt.inputTokens();
      cachedTokens += attempt.cachedTokens();
      outputTokens += attempt.outputTokens();
    }
  }

  /**
   * One request.
   *
   * @param ttftMs null where it failed
   * @param tpotMs null where it failed or has one token
   * @param e2eMs null where it failed
   */
  record Sample(
      @Nullable Double ttftMs,
      @Nullable Double tpotMs,
      @Nullable Double e2eMs,
      boolean good,
      boolean failed) {}

  /**
   * One that begins.
   *
   * @param closed whether users wait for answers, so that what came in the window is its rate
   * @param begin by System.nanoTime
   * @param seed draws which requests are kept one by one
   */
  Measure(Slo slo, boolean closed, long begin, long seed) {
    this.slo = slo;
    this.closed = closed;
    this.begin = begin;
    SplittableRandom random = new SplittableRandom(seed);
    this.samples = new Reservoir<>(MOST_SAMPLES, random.nextLong());
    this.gaps = new Reservoir<>(MOST_SAMPLES, random.nextLong());
  }

  /** The window in which requests count begins, so many nanoseconds after the beginning. */
  synchronized void opens(long since) {
    windowFrom = since;
  }

  /** It ends, so many nanoseconds after the beginning; what is still on its way drains. */
  synchronized void closes(long since) {
    windowTo = since;
  }

  /** Adds a request that is over. */
  synchronized void add(Attempt attempt) {
    count(attempt);
    long dueAt = attempt.due() - begin;
    due += dueAt >= windowFrom && dueAt < windowTo ? 1 : 0;
    boolean whole = attempt.failure() == null;
    double perToken = whole ? attempt.tpot() : Double.NaN;
    boolean single = Double.isNaN(perToken);
    double tpotMs = single ? 0 : perToken / NANOS_PER_MS;
    boolean keeps = whole && slo.keeps(attempt.ttft() / NANOS_PER_MS, tpotMs);
    long endAt = attempt.ended() - begin;
    if (whole && endAt >= windowFrom && endAt <= windowTo) {
      inWindow.add(attempt, keeps);
    }
    if (!attempt.counts()) {
      return;
    }
    firstDue = Math.min(firstDue, attempt.due());
    lastDue = Math.max(lastDue, attempt.due());
    lastEnd = Math.max(lastEnd, attempt.ended());
    lag.add(attempt.sent() - attempt.due());
    String failure = attempt.failure();
    if (failure != null) {
      failed++;
      failures.merge(failure, 1, Integer::sum);
      samples.add(new Sample(null, null, null, false, true));
      return;
    }
    counted.add(attempt, keeps);
    ttft.add(attempt.ttft());
    e2e.add(attempt.e2e());
    // A histogram of tokens/s in the place of ms.
    inputRate.add(attempt.inputTokens() * NANOS / Math.max(1, attempt.ttft()) * NANOS_PER_MS);
    if (!single) {
      tpot.add(perToken);
    }
    for (int i = 1; i < attempt.deltas(); i++) {
      long gap = attempt.delta(i) - attempt.delta(i - 1);
      itl.add(gap);
      gaps.add(gap / NANOS_PER_MS);
    }
    double ttftMs = attempt.ttft() / NANOS_PER_MS;
    samples.add(
        new Sample(ttftMs, single ? null : tpotMs, attempt.e2e() / NANOS_PER_MS, keeps, false));
  }

  /** Tokens by the second in which they came, of requests that warm up too. */
  private void count(Attempt attempt) {
    double each = attempt.deltas() == 0 ? 0 : (double) attempt.outputTokens() / attempt.deltas();
    for (int i = 0; i < attempt.deltas(); i++) {
      int second = Math.clamp((long) ((attempt.delta(i) - begin) / NANOS), 0, MOST_SECONDS);
      if (second >= tokensOfSecond.length) {
        tokensOfSecond = Arrays.copyOf(tokensOfSecond, 2 * second);
      }
      tokensOfSecond[second] += each;
    }
  }

  synchronized int completed() {
    return counted.completed;
  }

  synchronized int failed() {
    return failed;
  }

  synchronized Map<String, Integer> failures() {
    return new TreeMap<>(failures);
  }

  /** A failure that was not the server's, or null. */
  synchronized @Nullable String clientFailure() {
    return failures.keySet().stream()
        .filter(reason -> reason.startsWith(Reason.CLIENT))
        .findFirst()
        .orElse(null);
  }

  synchronized List<Sample> samples() {
    return samples.kept();
  }

  /** Gaps between pieces of answers, in ms, a sample of them. */
  synchronized List<Double> gaps() {
    return gaps.kept();
  }

  /** Adds the gaps of this repeat to those of others, in microseconds. */
  synchronized void addGapsTo(Histogram all) {
    itl.addTo(all);
  }

  /** Where the window ends; a trace ends it with its last request. */
  private long windowTo() {
    return windowTo == NEVER ? lastDue - begin : windowTo;
  }

  private double windowSeconds() {
    return windowFrom == NEVER || firstDue > lastDue ? 0 : (windowTo() - windowFrom) / NANOS;
  }

  /** Tokens out in each whole second of the window, without those of the drain. */
  synchronized List<Double> tokensPerSecond() {
    List<Double> rates = new ArrayList<>();
    if (windowSeconds() <= 0) {
      return rates;
    }
    int from = (int) Math.ceil(windowFrom / NANOS);
    int to = (int) Math.floor(windowTo() / NANOS);
    for (int second = from; second < Math.min(to, MOST_SECONDS); second++) {
      rates.add(second < tokensOfSecond.length ? tokensOfSecond[second] : 0);
    }
    return rates;
  }

  synchronized double lagP99Ms() {
    return lag.isEmpty() ? 0 : lag.ms(99);
  }

  /** Every figure that this repeat gave. */
  synchronized Map<String, Double> figures(int devices) {
    Map<String, Double> figures = new LinkedHashMap<>();
    double duration = firstDue > lastEnd ? 0 : Math.max(1e-9, (lastEnd - firstDue) / NANOS);
    int completed = counted.completed;
    figures.put(LoadFigures.COMPLETED, (double) completed);
    figures.put(LoadFigures.FAILED, (double) failed);
    figures.put("duration", duration);
    figures.put("total_input_tokens", (double) counted.inputTokens);
    figures.put("total_output_tokens", (double) counted.outputTokens);
    figures.put("cached_input_tokens", (double) counted.cachedTokens);
    if (completed > 0) {
      figures.put("mean_input_tokens", (double) counted.inputTokens / completed);
      figures.put("mean_output_tokens", (double) counted.outputTokens / completed);
    }
    if (duration > 0) {
      // Users who wait leave one by one in the drain, with less and less load: what ends in the
      // window, of requests that warmed up too, is what the server does with all of them.
      boolean byWindow = closed && inWindow.completed > 0 && windowSeconds() > 0;
      Totals of = byWindow ? inWindow : counted;
      double seconds = byWindow ? windowSeconds() : duration;
      double output = of.outputTokens / seconds;
      figures.put(LoadFigures.REQUEST_THROUGHPUT, of.completed / seconds);
      figures.put(LoadFigures.GOODPUT, of.good / seconds);
      figures.put("slo_attainment", (double) counted.good / (completed + failed));
      figures.put(LoadFigures.INPUT_THROUGHPUT, of.inputTokens / seconds);
      figures.put(LoadFigures.CACHED_THROUGHPUT, of.cachedTokens / seconds);
      figures.put(LoadFigures.OUTPUT_THROUGHPUT, output);
      figures.put("total_token_throughput", (of.inputTokens + of.outputTokens) / seconds);
      figures.put(LoadFigures.OUTPUT_PER_DEVICE, output / devices);
      if (windowSeconds() > 0) {
        figures.put(LoadFigures.OFFERED, due / windowSeconds());
      }
      double steady =
          tokensPerSecond().stream().mapToDouble(Double::doubleValue).average().orElse(0);
      figures.put("steady_output_throughput", steady == 0 ? output : steady);
    }
    if (!tpot.isEmpty() && tpot.ms(50) > 0) {
      figures.put(LoadFigures.OUTPUT_PER_USER, 1e3 / tpot.ms(50));
    }
    if (!inputRate.isEmpty()) {
      figures.put("input_throughput_per_user", inputRate.ms(50));
    }
    put(figures, "ttft", ttft);
    put(figures, "tpot", tpot);
    put(figures, "itl", itl);
    put(figures, "e2el", e2e);
    figures.put("p99_client_lag_ms", lagP99Ms());
    return figures;
  }

  private static void put(Map<String, Double> figures, String name, Times times) {
    if (times.isEmpty()) {
      return;
    }
    figures.put(LoadFigures.name("mean", name), times.meanMs());
    LoadFigures.PERCENTILES.forEach(
        (percentile, value) -> figures.put(LoadFigures.name(percentile, name), times.ms(value)));
  }

  /** Whether the 99th percentiles keep the SLO and nothing failed, as MLPerf has it. */
  synchronized boolean meetsSlo() {
    return failed == 0
        && counted.completed > 0
        && slo.keeps(ttft.ms(99), tpot.isEmpty() ? 0 : tpot.ms(99));
  }
}
