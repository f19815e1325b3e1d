package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stages work at the same time, and in order. */
@Timeout(30)
class StageLineTest {
  /** While the second stage has one item, the first one has the next: else nobody would come. */
  @Test
  void worksInAllStagesAtATime() {
    CyclicBarrier both = new CyclicBarrier(2);
    List<Integer> done = new ArrayList<>();
    try (StageLine<Integer> line =
        new StageLine<>(
            List.of(
                item -> {
                  if (item > 0) {
                    meet(both);
                  }
                },
                item -> {
                  if (item < 9) {
                    meet(both);
                  }
                  done.add(item);
                }))) {
      for (int item = 0; item < 10; item++) {
        line.put(item);
      }
    }
    assertThat(done).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void keepsTheOrderInEveryStageAndEndsItsThreads() {
    List<List<Integer>> seen = new ArrayList<>();
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    List<Consumer<Integer>> stages = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      List<Integer> here = new ArrayList<>();
      seen.add(here);
      stages.add(
          item -> {
            threads.add(Thread.currentThread());
            here.add(item);
          });
    }
    List<Integer> all = new ArrayList<>();
    try (StageLine<Integer> line = new StageLine<>(stages)) {
      for (int item = 0; item < 1_000; item++) {
        line.put(item);
        all.add(item);
      }
    }
    assertThat(seen).hasSize(4).allMatch(all::equals);
    assertThat(threads).hasSize(4).noneMatch(Thread::isAlive);
  }

  @Test
  void goesOnBehindAStageThatThrows() {
    List<Integer> done = new ArrayList<>();
    try (StageLine<Integer> line =
        new StageLine<>(
            List.of(
                item -> {
                  if (item == 1) {
                    throw new IllegalStateException("a stage that throws");
                  }
                  if (item == 2) {
                    throw new AssertionError("likewise");
                  }
                },
                done::add))) {
      for (int item = 0; item < 4; item++) {
        line.put(item);
      }
    }
    assertThat(done).containsExactly(0, 1, 2, 3);
  }

  @Test
  void endsWithoutAnything() {
    new StageLine<String>(List.of(item -> {}, item -> {})).close();
  }
}
