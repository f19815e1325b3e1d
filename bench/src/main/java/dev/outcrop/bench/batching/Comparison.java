package dev.outcrop.bench.batching;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** The four ways on one engine, and what the engine itself gains from a batch. */
final class Comparison {
  static final String ONE = "one at a time";
  static final String PADDED = "padded static";
  static final String SHRINKING = "shrinking static";
  static final String CONTINUOUS = "continuous";

  private static final int DECODES = 128;
  private static final int WARM_TOKENS = 32;

  private final MeasuredEngine engine;
  private final int batch;
  private final LongSupplier nanoClock;

  Comparison(MeasuredEngine engine, int batch, LongSupplier nanoClock) {
    this.engine = engine;
    this.batch = batch;
    this.nanoClock = nanoClock;
  }

  /** The ways, the one that is measured against the others first. */
  List<Way> ways() {
    return List.of(
        new ContinuousBatches(CONTINUOUS, batch),
        new StaticBatches(SHRINKING, batch, true),
        new StaticBatches(PADDED, batch, false),
        new StaticBatches(ONE, 1, false));
  }

  /** One run. */
  Recorder run(Way way, Trace trace) {
    Recorder recorder = new Recorder(engine.engine(), trace, engine.vocabulary(), nanoClock);
    way.run(recorder);
    return recorder;
  }

  /** Lets compilers and kernels see the sizes of steps that will come. */
  void warm(Trace trace) {
    Trace some = trace.first(2 * batch);
    double factor = Math.min(1, WARM_TOKENS * (double) some.size() / some.outputTokens());
    for (Way way : ways()) {
      run(way, some.scaled(factor));
    }
  }

  /**
   * How many times as many tokens per second a full batch decodes as one sequence alone.
   *
   * @param context tokens of KV that a decode reads
   */
  double engineRatio(int context) {
    int prompt = ratioPrompt(context);
    return batch * decodeNanos(1, prompt) / decodeNanos(batch, prompt);
  }

  private static int ratioPrompt(int context) {
    return Math.max(1, context - DECODES / 2);
  }

  /** Tokens of a sequence of that measurement. */
  static int ratioTokens(int context) {
    return ratioPrompt(context) + DECODES + 1;
  }

  private double decodeNanos(int rows, int prompt) {
    Way way = new StaticBatches("decodes", rows, false);
    Recorder recorder = run(way, Trace.equal(rows, prompt, DECODES + 1));
    long[] nanos = recorder.stepNanos(1);
    Arrays.sort(nanos);
    return nanos[nanos.length / 2];
  }

  /** All ways on one trace; one at a time only for the first so many requests. */
  List<Map<String, Object>> measure(String lengths, Trace trace, int alone) {
    List<Map<String, Object>> results = new ArrayList<>();
    for (Way way : ways()) {
      Trace part = way.name().equals(ONE) ? trace.first(alone) : trace;
      Map<String, Object> figures = figures(lengths, way, part, run(way, part));
      System.err.println(figures);
      results.add(figures);
    }
    return results;
  }

  private static Map<String, Object> figures(
      String lengths, Way way, Trace trace, Recorder recorder) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("way", way.name());
    figures.put("lengths", lengths);
    figures.put("requests", trace.size());
    figures.put("tokens", trace.outputTokens());
    figures.put("seconds", recorder.seconds());
    figures.put("tokensPerSecond", recorder.loadedTokensPerSecond());
    figures.put("tokensPerSecondToTheEnd", recorder.tokensPerSecond());
    figures.put("steps", recorder.steps());
    figures.put("rowsPerToken", (double) recorder.rows() / trace.outputTokens());
    figures.put("piecesPerRow", (double) recorder.pieces() / recorder.rows());
    double[] first = recorder.firstTokenMillis();
    double[] between = recorder.intervalMillis();
    for (int percent : new int[] {50, 95, 99}) {
      figures.put("ttftP" + percent + "Ms", Recorder.percentile(first, percent / 100.0));
    }
    for (int percent : new int[] {50, 95, 99}) {
      figures.put("itlP" + percent + "Ms", Recorder.percentile(between, percent / 100.0));
    }
    return figures;
  }
}
