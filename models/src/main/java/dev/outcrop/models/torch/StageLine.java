package dev.outcrop.models.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stages that work at the same time, each on a thread of its own: what one is done with the next
 * one takes, in the order in which it was put in.
 *
 * @param <T> what goes through them; where a stage throws for it, the next ones get it all the same
 */
final class StageLine<T> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StageLine.class);

  private sealed interface Entry<T> {}

  private record Item<T>(T item) implements Entry<T> {}

  private record End<T>() implements Entry<T> {}

  private final List<BlockingQueue<Entry<T>>> queues = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  /** Starts a thread for every stage. They do not keep the process alive. */
  StageLine(List<Consumer<T>> stages) {
    for (int i = 0; i < stages.size(); i++) {
      queues.add(new LinkedBlockingQueue<>());
    }
    for (int i = 0; i < stages.size(); i++) {
      int stage = i;
      Runnable work = () -> run(stage, stages.get(stage));
      threads.add(Thread.ofPlatform().name("stage-" + stage).daemon(true).start(work));
    }
  }

  private void run(int stage, Consumer<T> work) {
    Entry<T> entry;
    do {
      entry = take(queues.get(stage));
      if (entry instanceof Item<T>(T item)) {
        accept(stage, work, item);
      }
      if (stage + 1 < queues.size()) {
        queues.get(stage + 1).add(entry);
      }
    } while (entry instanceof Item<T>);
  }

  /** A stage that ended here would leave everybody waiting who comes behind. */
  private static <T> void accept(int stage, Consumer<T> work, T item) {
    try {
      work.accept(item);
    } catch (RuntimeException | Error e) {
      log.error("stage {} broke down; the next one goes on", stage, e);
    }
  }

  private static <E> E take(BlockingQueue<E> queue) {
    while (true) {
      try {
        return queue.take();
      } catch (InterruptedException _) {
        // Nobody else has this thread; it ends when the line is closed.
      }
    }
  }

  /** Puts something into the first stage. */
  void put(T item) {
    queues.getFirst().add(new Item<>(item));
  }

  /** Waits until everything is through and the threads have ended. */
  @Override
  public void close() {
    queues.getFirst().add(new End<>());
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true; // programs cannot be closed under a stage
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
