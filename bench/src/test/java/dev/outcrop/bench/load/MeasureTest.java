package dev.outcrop.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.bench.scenario.Slo;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What a repeat of a point adds up to, and what makes it no measurement. */
final class MeasureTest {
  private static final Offset<Double> EXACTLY = within(1e-9);

  /** Begun in the past, so that pieces come after requests were due. */
  private final long begin = System.nanoTime() - TimeUnit.HOURS.toNanos(1);

  private Attempt attempt(boolean counts, double due, double ended) {
    Attempt attempt = new Attempt(counts, begin + nanos(due), false);
    attempt.sent(begin + nanos(due));
    attempt.delta("a");
    attempt.usage(10, 5, 2);
    attempt.ended(begin + nanos(ended), null);
    return attempt;
  }

  private static long nanos(double seconds) {
    return Math.round(seconds * 1e9);
  }

  /** Four users, 4 s a request, a window from 10 to 20 s: exactly one request a second. */
  private Map<String, Double> fourUsers(boolean closed) {
    Measure measure = new Measure(new Slo(1e9, 1e9), closed, begin, 1);
    measure.opens(nanos(10));
    measure.closes(nanos(20));
    for (int user = 0; user < 4; user++) {
      for (double due = user + 0.5; due < 20; due += 4) {
        measure.add(attempt(due >= 10, due, due + 4));
      }
    }
    return measure.figures(1);
  }

  @Test
  void closedLoopsCountWhatEndsInTheWindow() {
    Map<String, Double> figures = fourUsers(true);

    assertThat(figures.get("request_throughput")).isCloseTo(1, EXACTLY);
    assertThat(figures.get("request_goodput")).isCloseTo(1, EXACTLY);
    assertThat(figures.get("output_throughput")).isCloseTo(2, EXACTLY);
    assertThat(figures.get("input_throughput")).isCloseTo(10, EXACTLY);
    assertThat(figures.get("cached_input_throughput")).isCloseTo(5, EXACTLY);
    assertThat(figures.get("offered_request_rate")).isCloseTo(1, EXACTLY);
    assertThat(figures.get("completed")).isEqualTo(10);
    assertThat(figures.get("duration")).isCloseTo(13, EXACTLY);
  }

  @Test
  void openLoopsCountToTheLastAnswer() {
    assertThat(fourUsers(false).get("request_throughput")).isCloseTo(10 / 13.0, EXACTLY);
  }

  @Test
  void whatTheClientLacksIsNotTheServersFailure() {
    assertThat(Reason.of(new IOException(new BindException("in use"))).word())
        .isEqualTo("client without a free port");
    assertThat(Reason.of(new ConnectException("Cannot assign requested address")).word())
        .isEqualTo("client without a free port");
    assertThat(Reason.of(new IOException(new SocketException("Too many open files"))).word())
        .isEqualTo("client with too many open files");
    assertThat(Reason.of(new IllegalStateException("x")).word())
        .isEqualTo("client IllegalStateException");
    assertThat(Reason.of(new ConnectException("Connection refused")).word())
        .isEqualTo("no connection");

    Measure measure = new Measure(new Slo(1, 1), false, begin, 1);
    Attempt attempt = new Attempt(true, begin, false);
    attempt.ended(begin, "client with too many open files");
    measure.add(attempt);
    assertThat(measure.clientFailure()).isEqualTo("client with too many open files");
  }

  @Test
  void aPauseIsAsLongAsWhoWaitedThroughIt() {
    Pauses.Lateness lateness = new Pauses.Lateness();
    for (int i = 0; i < 1_000; i++) {
      lateness.woke(0);
    }
    lateness.woke(TimeUnit.SECONDS.toNanos(1));

    assertThat(lateness.p99Ms()).isGreaterThan(900);
  }

  @Test
  void aFigureThatThereIsNoneOfIsADash() {
    String row = LiveView.row("1 user", "1/1", Map.of("completed", 0.0, "failed", 3.0));

    assertThat(row.strip().split(" +"))
        .containsExactly("1", "user", "1/1", "0", "3", "-", "-", "-", "-", "-", "-", "-", "-");
  }
}
