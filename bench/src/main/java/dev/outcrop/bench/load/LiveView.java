package dev.outcrop.bench.load;

import dev.outcrop.bench.report.LoadFigures;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Shows a run while it goes on: a table that gets a row with every repeat of a point, and below it
 * a bar of what is going on. Where nobody looks at a terminal, a line every ten seconds instead of
 * the bar.
 */
final class LiveView implements AutoCloseable {
  private static final int BAR = 24;
  private static final String CLEAR = "\r\u001b[K";
  private static final List<String> COLUMNS =
      List.of(
          "median_ttft_ms", "p99_ttft_ms", "median_tpot_ms", "p99_tpot_ms", "p99_client_lag_ms");
  private static final String HEADER =
      String.format(
          Locale.ROOT,
          "%-22s %6s %6s %6s %8s %8s %9s  %8s %8s %8s %8s %7s",
          "load",
          "repeat",
          "whole",
          "failed",
          "req/s",
          "good/s",
          "tok/s out",
          "TTFT p50",
          "p99 ms",
          "TPOT p50",
          "p99 ms",
          "lag p99");

  private final PrintStream err;
  private final boolean terminal;
  private final ScheduledThreadPoolExecutor clock;
  private @Nullable Going going;
  private @Nullable ScheduledFuture<?> ticks;
  private boolean headed;

  /**
   * What goes on.
   *
   * @param label of the point
   * @param repeat such as {@code 1/3}
   * @param seconds how long it takes, 0 where a number of requests says when it is over
   * @param requests how many there are, 0 where nobody knows
   */
  record Going(
      String label,
      String repeat,
      double seconds,
      int requests,
      PointRun.Flight flight,
      long began) {
    double share() {
      double share =
          seconds > 0
              ? (System.nanoTime() - began) / 1e9 / seconds
              : requests > 0 ? (double) flight.ended().get() / requests : 0;
      return Math.clamp(share, 0.0, 1.0);
    }
  }

  /**
   * Shows it on stderr.
   *
   * @param terminal whether somebody looks at a terminal there
   */
  LiveView(boolean terminal) {
    this.err = System.err;
    this.terminal = terminal;
    this.clock =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("view").factory());
  }

  synchronized void say(String line) {
    err.println((terminal ? CLEAR : "") + line);
  }

  synchronized void begin(Going next) {
    going = next;
    long period = terminal ? 500 : 10_000;
    ticks = clock.scheduleAtFixedRate(this::tick, period, period, TimeUnit.MILLISECONDS);
  }

  private synchronized void tick() {
    Going now = going;
    if (now == null) {
      return;
    }
    PointRun.Flight flight = now.flight();
    int full = (int) Math.round(now.share() * BAR);
    String bar = "[" + "#".repeat(full) + ".".repeat(BAR - full) + "]";
    String line =
        String.format(
            Locale.ROOT,
            "%s %3.0f %%  %s %s: %d over, %d failed, %d on their way",
            bar,
            100 * now.share(),
            now.label(),
            now.repeat(),
            flight.ended().get(),
            flight.failed().get(),
            flight.open().get());
    if (terminal) {
      err.print(CLEAR + line);
      err.flush();
    } else {
      err.println(line);
    }
  }

  synchronized void end(Map<String, Double> figures, @Nullable String invalid) {
    Going was = going;
    going = null;
    if (ticks != null) {
      ticks.cancel(false);
    }
    if (was == null) {
      return;
    }
    if (!headed) {
      headed = true;
      say(HEADER);
    }
    say(row(was.label(), was.repeat(), figures));
    if (invalid != null) {
      say("  not valid: " + invalid);
    }
  }

  /** A row of the table; a figure that there is none of is a dash. */
  static String row(String label, String repeat, Map<String, Double> figures) {
    StringBuilder row =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%-22s %6s %6s %6s %8s %8s %9s ",
                label,
                repeat,
                cell(figures, LoadFigures.COMPLETED, "%.0f"),
                cell(figures, LoadFigures.FAILED, "%.0f"),
                cell(figures, LoadFigures.REQUEST_THROUGHPUT, "%.3f"),
                cell(figures, LoadFigures.GOODPUT, "%.3f"),
                cell(figures, LoadFigures.OUTPUT_THROUGHPUT, "%.1f")));
    for (String column : COLUMNS) {
      row.append(String.format(Locale.ROOT, " %8s", cell(figures, column, "%.1f")));
    }
    return row.toString();
  }

  private static String cell(Map<String, Double> figures, String name, String format) {
    Double value = figures.get(name);
    return value == null ? "-" : String.format(Locale.ROOT, format, value);
  }

  @Override
  public void close() {
    clock.shutdownNow();
    if (terminal) {
      err.print(CLEAR);
    }
  }
}
