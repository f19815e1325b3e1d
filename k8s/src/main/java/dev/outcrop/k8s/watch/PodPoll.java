package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.PodReader;
import dev.outcrop.k8s.config.ModelConfig;
import dev.outcrop.k8s.watch.ModelView.SeenPod;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Asks all ready pods of a model at once, in bounded time. Safe for any thread. */
final class PodPoll implements AutoCloseable {
  /** What a pod has to answer in; its page takes milliseconds. */
  static final Duration TIMEOUT = Duration.ofSeconds(2);

  /** What all of a model's pods have, however many there are. */
  private static final Duration ROUND = TIMEOUT.multipliedBy(2);

  private static final int AT_ONCE = 128;

  private final PodReader reader;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Semaphore turns = new Semaphore(AT_ONCE);

  PodPoll(PodReader reader) {
    this.reader = reader;
  }

  /** Asks them. */
  ModelView read(ModelConfig model, Instant at, int replicas, List<PodFacts> pods)
      throws InterruptedException {
    List<Callable<SeenPod>> tasks = new ArrayList<>();
    pods.forEach(facts -> tasks.add(() -> ask(model, facts)));
    List<Future<SeenPod>> answers =
        threads.invokeAll(tasks, ROUND.toMillis(), TimeUnit.MILLISECONDS);
    List<SeenPod> seen = new ArrayList<>();
    for (int i = 0; i < pods.size(); i++) {
      seen.add(answer(pods.get(i), answers.get(i)));
    }
    return new ModelView(model, at, replicas, seen);
  }

  private SeenPod ask(ModelConfig model, PodFacts facts) throws InterruptedException {
    return switch (facts.phase()) {
      case COMING -> new SeenPod.Coming(facts);
      case LEAVING -> new SeenPod.Leaving(facts);
      case READY -> {
        turns.acquire();
        try {
          yield new SeenPod.Answering(
              facts, reader.read(facts.management(model.managementPort()), model.id()));
        } catch (IOException | IllegalArgumentException e) {
          yield new SeenPod.Silent(facts, String.valueOf(e.getMessage()));
        } finally {
          turns.release();
        }
      }
    };
  }

  private static SeenPod answer(PodFacts facts, Future<SeenPod> answer)
      throws InterruptedException {
    try {
      return answer.get();
    } catch (CancellationException e) {
      return new SeenPod.Silent(facts, "it did not answer in " + ROUND.toSeconds() + " s");
    } catch (ExecutionException e) {
      return new SeenPod.Silent(facts, String.valueOf(e.getCause()));
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
