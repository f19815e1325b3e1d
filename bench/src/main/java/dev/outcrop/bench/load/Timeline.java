package dev.outcrop.bench.load;

import dev.outcrop.bench.endpoint.Address;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a server's metrics every second: how much of the KV cache is in use, and how many requests
 * run and wait. It knows vLLM's names, which Outcrop has too, and Outcrop's own.
 */
final class Timeline implements AutoCloseable {
  private static final Pattern LINE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{.*})?\\s+([0-9.eE+-]+)(\\s+\\S+)?");
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final HttpClient http = HttpClient.newHttpClient();
  private final URI page;
  private final ScheduledThreadPoolExecutor clock;
  private final List<Look> looks = new ArrayList<>();
  private long began = System.nanoTime();
  private @Nullable String fault;

  /**
   * What the metrics said at one time.
   *
   * @param seconds since the repeat of a point began
   * @param kvUsage share of the KV cache in use, null where nothing tells
   */
  record Look(
      double seconds,
      @Nullable Double kvUsage,
      @Nullable Double running,
      @Nullable Double waiting) {
    boolean isEmpty() {
      return kvUsage == null && running == null && waiting == null;
    }
  }

  /** Begins to read a page. */
  Timeline(URI page) {
    this.page = page;
    this.clock =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("timeline").factory());
    clock.scheduleAtFixedRate(this::look, 0, 1, TimeUnit.SECONDS);
  }

  private void look() {
    try {
      HttpRequest request = HttpRequest.newBuilder(page).timeout(PATIENCE).build();
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      long now = System.nanoTime();
      if (response.statusCode() != 200) {
        fault("%s answers %d".formatted(Address.shown(page), response.statusCode()));
        return;
      }
      Look look = read(response.body(), 0);
      if (look.isEmpty()) {
        fault("%s holds none of the metrics that are known".formatted(Address.shown(page)));
        return;
      }
      synchronized (this) {
        looks.add(new Look((now - began) / 1e9, look.kvUsage(), look.running(), look.waiting()));
      }
    } catch (IOException e) {
      fault("nobody answers at " + Address.shown(page));
    } catch (RuntimeException e) { // would end the clock without a word
      fault("%s cannot be read: %s".formatted(Address.shown(page), e.getClass().getSimpleName()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void fault(String reason) {
    fault = reason;
  }

  /** Why the last look that failed did, or null. */
  synchronized @Nullable String fault() {
    return fault;
  }

  /** Starts the seconds from 0 again. */
  synchronized void begin() {
    looks.clear();
    began = System.nanoTime();
  }

  /** The looks since it began. */
  synchronized List<Look> looks() {
    return List.copyOf(looks);
  }

  /** Reads a page of Prometheus text; values of several models are added, shares averaged. */
  static Look read(String page, double seconds) {
    Map<String, double[]> sums = new LinkedHashMap<>();
    for (String line : page.lines().toList()) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches()) {
        boolean cached = matcher.group(2) != null && matcher.group(2).contains("state=\"cached\"");
        double[] sum = sums.computeIfAbsent(matcher.group(1), _ -> new double[2]);
        sum[0] += cached ? 0 : Double.parseDouble(matcher.group(3));
        sum[1]++;
      }
    }
    Double kv = mean(sums, "vllm:kv_cache_usage_perc");
    kv = kv == null ? mean(sums, "vllm:gpu_cache_usage_perc") : kv;
    Double used = sum(sums, "outcrop_kv_units_used");
    Double all = sum(sums, "outcrop_kv_units");
    kv = kv == null && used != null && all != null && all > 0 ? (Double) (used / all) : kv;
    Double running = sum(sums, "vllm:num_requests_running");
    Double waiting = sum(sums, "vllm:num_requests_waiting");
    return new Look(
        seconds,
        kv,
        running == null ? sum(sums, "outcrop_running") : running,
        waiting == null ? sum(sums, "outcrop_waiting") : waiting);
  }

  private static @Nullable Double sum(Map<String, double[]> sums, String name) {
    double[] sum = sums.get(name);
    return sum == null ? null : (Double) sum[0];
  }

  private static @Nullable Double mean(Map<String, double[]> sums, String name) {
    double[] sum = sums.get(name);
    return sum == null ? null : (Double) (sum[0] / sum[1]);
  }

  @Override
  public void close() {
    clock.shutdownNow();
    http.shutdownNow();
  }
}
