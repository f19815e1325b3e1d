package dev.outcrop.bench.batching;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Runs the steps of a {@link Way} and writes down when each request got each token. One run, one
 * thread.
 */
final class Recorder {
  private final Engine engine;
  private final Trace trace;
  private final int vocabulary;
  private final LongSupplier nanoClock;
  private final int[][] tokens;
  private final long[][] nanos;
  private final int[] got;
  private long[] stepNanos = new long[1_024];
  private int steps;
  private long rows;
  private long pieces;
  private final long begin;
  private long now;
  private long loadedNanos = -1;
  private long loadedTokens;
  private long allTokens;

  Recorder(Engine engine, Trace trace, int vocabulary, LongSupplier nanoClock) {
    this.engine = engine;
    this.trace = trace;
    this.vocabulary = vocabulary;
    this.nanoClock = nanoClock;
    tokens = new int[trace.size()][];
    nanos = new long[trace.size()][];
    got = new int[trace.size()];
    for (int i = 0; i < trace.size(); i++) {
      tokens[i] = new int[trace.requests().get(i).outputTokens()];
      nanos[i] = new long[tokens[i].length];
    }
    begin = nanoClock.getAsLong();
    now = begin;
  }

  Engine engine() {
    return engine;
  }

  Trace trace() {
    return trace;
  }

  /** The token ids of a request's prompt. */
  int[] prompt(int request) {
    return trace.prompt(request, vocabulary);
  }

  /** From now on nobody waits any more, and rows may stay empty for want of requests. */
  void nobodyWaits() {
    if (loadedNanos < 0) {
      loadedNanos = nanoClock.getAsLong() - begin;
      loadedTokens = allTokens;
    }
  }

  /** Runs a step. */
  StepResult.Sampled step(StepPlan plan) {
    long submitted = nanoClock.getAsLong();
    StepResult.Sampled sampled =
        switch (engine.submit(plan).await()) {
          case StepResult.Sampled result -> result;
          case StepResult.Failed(OutcropException error) ->
              throw new OutcropException(ModelError.STEP_FAILED, "a measured step failed", error);
        };
    now = nanoClock.getAsLong();
    if (steps == stepNanos.length) {
      stepNanos = Arrays.copyOf(stepNanos, 2 * steps);
    }
    stepNanos[steps++] = now - submitted;
    rows += plan.rows();
    pieces += plan.segments();
    return sampled;
  }

  /** What the last step took. */
  long lastStepNanos() {
    return stepNanos[steps - 1];
  }

  /** The last step brought a request's next token. */
  void token(int request, int token) {
    if (token < 0) {
      throw new OutcropException(ModelError.STEP_FAILED, "a measured row failed");
    }
    tokens[request][got[request]] = token;
    nanos[request][got[request]++] = now;
    allTokens++;
  }

  /** Steps run. */
  int steps() {
    return steps;
  }

  /** Rows run, over all steps. */
  long rows() {
    return rows;
  }

  /** Pieces of KV that the rows read, over all steps. */
  long pieces() {
    return pieces;
  }

  /** The tokens of each request. */
  int[][] tokens() {
    return tokens;
  }

  /** Nanoseconds of the steps from one on. */
  long[] stepNanos(int from) {
    return Arrays.copyOfRange(stepNanos, from, steps);
  }

  /** Seconds from the start to the last token. */
  double seconds() {
    return (now - begin) / 1e9;
  }

  /** Tokens per second of the whole trace. */
  double tokensPerSecond() {
    return allTokens / seconds();
  }

  /** Tokens per second while somebody waited; of the whole trace where nobody ever did. */
  double loadedTokensPerSecond() {
    return loadedNanos <= 0 || loadedTokens == 0
        ? tokensPerSecond()
        : loadedTokens / (loadedNanos / 1e9);
  }

  /** Milliseconds from the start of the run to each request's first token, ascending. */
  double[] firstTokenMillis() {
    return Arrays.stream(nanos).mapToDouble(times -> (times[0] - begin) / 1e6).sorted().toArray();
  }

  /** Milliseconds between two tokens of a request, of all requests, ascending. */
  double[] intervalMillis() {
    double[] intervals = new double[Math.toIntExact(allTokens) - trace.size()];
    int next = 0;
    for (long[] times : nanos) {
      for (int i = 1; i < times.length; i++) {
        intervals[next++] = (times[i] - times[i - 1]) / 1e6;
      }
    }
    Arrays.sort(intervals);
    return intervals;
  }

  /** The value that a share of the sorted values does not exceed; 0 where there are none. */
  static double percentile(double[] sorted, double share) {
    if (sorted.length == 0) {
      return 0;
    }
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }
}
