package dev.outcrop.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The names of the figures of {@code bench load}: where vLLM's benchmark or inference-perf has such
 * a figure, it has their name.
 */
public final class LoadFigures {
  public static final String POINT = "point";
  public static final String LOOP = "loop";
  public static final String RATE = "request_rate";
  public static final String OFFERED = "offered_request_rate";
  public static final String CONVERSATION_RATE = "conversation_rate";
  public static final String BURSTINESS = "burstiness";
  public static final String SPEED = "speed";
  public static final String CONCURRENCY = "max_concurrency";
  public static final String COMPLETED = "completed";
  public static final String FAILED = "failed";
  public static final String VALID = "valid";
  public static final String INPUT_THROUGHPUT = "input_throughput";
  public static final String CACHED_THROUGHPUT = "cached_input_throughput";
  public static final String OUTPUT_THROUGHPUT = "output_throughput";
  public static final String REQUEST_THROUGHPUT = "request_throughput";
  public static final String GOODPUT = "request_goodput";
  public static final String OUTPUT_PER_DEVICE = "output_throughput_per_device";
  public static final String OUTPUT_PER_USER = "output_throughput_per_user";

  /** What stands before a figure's name for half the width of its confidence interval. */
  public static final String CI = "ci95_";

  /** The times that have percentiles. */
  public static final List<String> TIMES = List.of("ttft", "tpot", "itl", "e2el");

  /** The percentiles, by what stands before a time's name. */
  public static final Map<String, Double> PERCENTILES = percentiles();

  /** The names of the series of single requests, in which the n-th values belong together. */
  public static final List<String> OF_REQUESTS =
      List.of("ttft_ms", "tpot_ms", "e2el_ms", "good", "failure");

  private LoadFigures() {}

  private static Map<String, Double> percentiles() {
    Map<String, Double> percentiles = new LinkedHashMap<>();
    percentiles.put("median", 50.0);
    percentiles.put("p90", 90.0);
    percentiles.put("p95", 95.0);
    percentiles.put("p99", 99.0);
    percentiles.put("p99.9", 99.9);
    return percentiles;
  }

  /** A percentile of a time, such as {@code p99_ttft_ms}. */
  public static String name(String percentile, String time) {
    return percentile + "_" + time + "_ms";
  }

  /** The unit of every figure. */
  public static Map<String, String> units() {
    Map<String, String> units =
        Run.units(
            """
            point: name of the load
            loop: open (requests come by the clock), replay (by a trace) or closed (users wait)
            request_rate: requests/s that were due, on average; of conversations what their turns made
            conversation_rate: conversations/s that began, on average
            offered_request_rate: requests/s that were due in the window that counts, as it came out
            burstiness: shape of the gamma distribution of the time between requests; 1 is Poisson
            speed: times as fast as the trace
            max_concurrency: users at once
            completed: requests that came whole, on average of the repeats
            failed: requests that did not, timeouts among them, on average of the repeats
            failures: reasons of the failures and how many of all repeats
            valid: yes, or why the figures are not to be believed
            slo: met where p99 of TTFT and TPOT keep it and nothing failed, else missed
            duration: s from when the first request was due to the end of the last
            total_input_tokens: tokens of prompts, as the server counts
            total_output_tokens: tokens of answers, as the server counts
            cached_input_tokens: tokens of prompts found in a cache, as far as the server tells
            mean_input_tokens: tokens of a prompt
            mean_output_tokens: tokens of an answer
            request_throughput: whole requests/s of duration; in closed loops of the window that counts, without the drain
            request_goodput: requests/s, likewise, that keep every SLO; failures keep none
            slo_attainment: share of all requests that keep every SLO
            input_throughput: tokens/s in, all users
            cached_input_throughput: tokens/s in that were found in a cache, as far as the server tells
            output_throughput: tokens/s out, all users
            total_token_throughput: tokens/s in and out, all users
            steady_output_throughput: tokens/s out, all users, while requests still came
            output_throughput_per_device: tokens/s out for each device (--devices)
            output_throughput_per_user: tokens/s out for one user, 1 / median TPOT
            input_throughput_per_user: tokens/s in for one user, median of prompt / TTFT
            p99_client_lag_ms: ms from when a request was due to when it was sent
            p99_client_pause_ms: ms by which the client's own clock woke late
            max_request_goodput: requests/s that keep every SLO, at the best point
            max_output_throughput: tokens/s out, at the best point
            max_output_throughput_per_user: tokens/s out for one user, at the best point
            invalid_points: points whose figures are not to be believed
            good: 1 where a request kept every SLO, else 0
            failure: 1 where a request failed, else 0
            ttft_ms: ms to the first token of a request
            tpot_ms: ms per token after the first of a request
            e2el_ms: ms to the last token of a request
            itl_ms: ms between two pieces of an answer
            itl_cdf: share of the gaps between pieces that are at most so many ms
            output_tokens_per_second: tokens out in each second
            kv_cache_usage: share of the KV cache in use
            requests_running: requests in the batch
            requests_waiting: requests in the queue""");
    for (String time : TIMES) {
      String what =
          switch (time) {
            case "ttft" -> "ms from when a request was due to its first token";
            case "tpot" -> "ms per output token after the first";
            case "itl" -> "ms between two pieces of an answer";
            default -> "ms from when a request was due to its last token";
          };
      units.put(name("mean", time), what + ", mean");
      PERCENTILES
          .keySet()
          .forEach(percentile -> units.put(name(percentile, time), what + ", " + percentile));
    }
    Map<String, String> all = new LinkedHashMap<>();
    units.forEach(
        (name, unit) -> {
          all.put(name, unit);
          all.put(CI + name, "half the width of the 95 % confidence interval of " + name);
        });
    return all;
  }
}
