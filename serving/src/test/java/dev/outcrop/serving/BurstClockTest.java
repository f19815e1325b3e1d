package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.serving.testing.Burst;
import dev.outcrop.serving.testing.Burst.Arrival;
import dev.outcrop.serving.testing.BurstServer;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The traffic of {@link BurstTest} by the clock: as its clients see it, with the time that HTTP and
 * the machine take. The figures are printed, not asserted: they say as much of the machine.
 */
@Tag("long")
@Timeout(600)
final class BurstClockTest {
  private static final double SECONDS = 15;

  @TempDir private Path folder;

  @Test
  void everyRequestOfABurstIsAnswered() throws Exception {
    List<Arrival> others = Burst.others(SECONDS);
    firstTokens(Burst.together(Burst.flood(), List.of())); // so that no code is cold any more

    double[] quiet = firstTokens(Burst.together(others, List.of()));
    double[] flooded = firstTokens(Burst.together(Burst.flood(), others));

    assertThat(quiet).hasSameSizeAs(flooded).hasSize(others.size());
    for (double share : new double[] {0.5, 0.95}) {
      double before = Burst.percentile(share, quiet);
      double beside = Burst.percentile(share, flooded);
      System.out.printf(
          "p%.0f to the first token of nine tenants by the clock, %d requests: quiet %.0f ms,"
              + " beside a flood of %d requests %.0f ms (%.2fx)%n",
          100 * share, others.size(), before, Burst.FLOOD, beside, beside / before);
    }
  }

  /** Milliseconds from when a request is due to its first token, of those not of the flood. */
  private double[] firstTokens(List<Arrival> arrivals) throws Exception {
    ConcurrentLinkedQueue<Double> millis = new ConcurrentLinkedQueue<>();
    try (BurstServer server =
            new BurstServer(
                folder,
                (history, prompt, length) -> 'x',
                FakeEngine.Sleeper.REAL,
                System::nanoTime,
                batcher -> batcher);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      long begin = System.nanoTime();
      List<Future<?>> answers = new ArrayList<>();
      for (Arrival arrival : arrivals) {
        answers.add(
            clients.submit(
                () -> {
                  double took = ask(server, arrival, begin + arrival.nanos());
                  if (!arrival.floods()) {
                    millis.add(took);
                  }
                  return null;
                }));
      }
      for (Future<?> answer : answers) {
        answer.get();
      }
    }
    return millis.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static double ask(BurstServer server, Arrival arrival, long due) throws IOException {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    try (RawHttp http = server.send(arrival, "converse-stream")) {
      http.readUntil("contentBlockDelta");
      double millis = (System.nanoTime() - due) / 1e6;
      http.readUntil("metadata");
      return millis;
    }
  }
}
