package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.Fit;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.Health;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.serving.testing.Burst;
import dev.outcrop.serving.testing.Burst.Arrival;
import dev.outcrop.serving.testing.BurstServer;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ten tenants over real HTTP, on a clock that only the engine's steps move, so that the times do
 * not depend on the machine: the engine is held at the end of each step until all requests that
 * came during the step are in, one after the other. {@link BurstClockTest} has the times of a real
 * clock.
 */
@Timeout(300)
final class BurstTest {
  private static final double SECONDS = 15;

  @TempDir private Path folder;

  @Test
  void aFloodOfOneTenantLeavesTheOthersTheirFirstTokens() throws Exception {
    List<Arrival> others = Burst.others(SECONDS);
    List<Arrival> inOneQueue = others.stream().map(it -> it.of(Burst.FLOODER)).toList();

    double quiet = new Run().p95(folder, Burst.together(others, List.of()));
    double flooded = new Run().p95(folder, Burst.together(Burst.flood(), others));
    double oneQueue = new Run().p95(folder, Burst.together(Burst.flood(), inOneQueue));
    System.out.printf(
        "p95 to the first token of nine tenants, %d requests: quiet %.0f ms, beside a flood %.0f ms"
            + " (%.2fx), as one tenant with the flood %.0f ms%n",
        others.size(), quiet, flooded, flooded / quiet, oneQueue);

    assertThat(flooded).isLessThanOrEqualTo(1.5 * quiet);
    assertThat(oneQueue).as("what one queue for all would do").isGreaterThan(10 * quiet);
  }

  /** One run of a server, from no requests to none. */
  private static final class Run {
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger live = new AtomicInteger();
    private final Semaphore submitted = new Semaphore(0);
    private final Queue<SubmitResult.Rejected> refused = new ConcurrentLinkedQueue<>();
    private final Semaphore stepped = new Semaphore(0);
    private final Semaphore next = new Semaphore(0);
    private final Map<Integer, Long> firstTokens = new HashMap<>();
    private final List<Integer> firstInStep = new ArrayList<>();
    private boolean held;

    /**
     * Sends requests when they are due; milliseconds to the first token of those not of the flood.
     */
    double p95(Path folder, List<Arrival> arrivals) throws Exception {
      List<Future<?>> answers = new ArrayList<>();
      try (BurstServer server =
              new BurstServer(
                  folder,
                  this::token,
                  this::endStep,
                  clock::get,
                  it -> new Counted(it, submitted, refused));
          ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
        try {
          send(server, clients, arrivals, answers);
        } finally {
          next.release(1_000_000);
        }
        for (Future<?> answer : answers) {
          answer.get();
        }
      }
      return Burst.percentile(
          0.95,
          arrivals.stream()
              .filter(it -> !it.floods())
              .mapToDouble(it -> (firstTokens.get(it.id()) - it.nanos()) / 1e6)
              .toArray());
    }

    private void send(
        BurstServer server,
        ExecutorService clients,
        List<Arrival> arrivals,
        List<Future<?>> answers)
        throws Exception {
      int sent = 0;
      while (sent < arrivals.size() || live.get() > 0) {
        if (live.get() == 0) { // whoever comes into an idle server has its first step alone
          goOn();
          for (Future<?> answer : answers) { // then the last step is over, and its time was taken
            answer.get();
          }
          clock.set(Math.max(clock.get(), arrivals.get(sent).nanos()));
          answers.add(send(server, clients, arrivals.get(sent++)));
          awaitStep();
        }
        for (; sent < arrivals.size() && arrivals.get(sent).nanos() <= clock.get(); sent++) {
          answers.add(send(server, clients, arrivals.get(sent)));
        }
        goOn();
        awaitStep();
      }
    }

    /** Returns when the request has reached the batcher, so that the order is always the same. */
    private Future<?> send(BurstServer server, ExecutorService clients, Arrival arrival)
        throws InterruptedException {
      live.incrementAndGet();
      Future<?> answer = clients.submit(() -> ask(server, arrival));
      submitted.acquire();
      assertThat(refused).isEmpty();
      return answer;
    }

    private void awaitStep() throws InterruptedException {
      stepped.acquire();
      held = true;
    }

    /** Lets the engine go on if it is held at the end of a step. */
    private void goOn() {
      if (held) {
        held = false;
        next.release();
      }
    }

    /** Engine thread. */
    private int token(int[] history, int prompt, int length) {
      if (length == prompt) {
        firstInStep.add(BurstServer.id(history));
      }
      if (length == prompt + BurstServer.TOKENS - 1) {
        live.decrementAndGet();
      }
      return 'x';
    }

    /** Engine thread. */
    private void endStep(long nanos) {
      long now = clock.addAndGet(nanos);
      firstInStep.forEach(id -> firstTokens.put(id, now));
      firstInStep.clear();
      stepped.release();
      next.acquireUninterruptibly();
    }
  }

  private static Void ask(BurstServer server, Arrival arrival) throws IOException {
    try (RawHttp http = server.send(arrival, "converse")) {
      RawHttp.Response response = http.response();
      assertThat(response.status()).as(response.text()).isEqualTo(200);
    }
    return null;
  }

  /** A batcher that tells of each request that has reached it. */
  private record Counted(Batcher batcher, Semaphore submitted, Queue<SubmitResult.Rejected> refused)
      implements Batcher {
    @Override
    public Fit fit(GenerateRequest request) {
      return batcher.fit(request);
    }

    @Override
    public SubmitResult submit(GenerateRequest request) {
      SubmitResult result = batcher.submit(request);
      if (result instanceof SubmitResult.Rejected rejected) {
        refused.add(rejected);
      }
      submitted.release();
      return result;
    }

    @Override
    public Signals signals() {
      return batcher.signals();
    }

    @Override
    public Health health() {
      return batcher.health();
    }

    @Override
    public void drain() {
      batcher.drain();
    }

    @Override
    public void close() {
      batcher.close();
    }
  }
}
