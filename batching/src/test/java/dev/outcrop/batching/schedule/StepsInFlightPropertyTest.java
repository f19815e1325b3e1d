package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.Roofline;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random requests, cancels and failures with several steps in flight. */
class StepsInFlightPropertyTest extends StagedRuns {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void holdsItsPromisesUnderRandomLoad(long seed) {
    randomLife(new Random(seed), 1_500, 0);
  }

  /** One thousand short ones: more beginnings, ends and full arenas than a long one has. */
  @Test
  void holdsItsPromisesInManyShortRuns() {
    long preempted = 0;
    for (int seed = 0; seed < 1_000; seed++) {
      randomLife(new Random(seed), 25, 0);
      preempted += scheduler.counts().preemptions();
    }
    assertThat(preempted).isGreaterThan(100);
  }

  /** Many answers that grow side by side end in pieces, and are brought together. */
  @ParameterizedTest
  @ValueSource(longs = {31, 32})
  void holdsItsPromisesWhileKvMoves(long seed) {
    Random random = new Random(seed);
    int moves = randomLife(random, 1_000, 40);
    assertThat(moves).isPositive();
  }

  private int randomLife(Random random, int steps, int shortest) {
    KvGeometry geometry =
        shortest > 0
            ? new KvGeometry(1, 500 + random.nextInt(500), 1, 10_000)
            : new KvGeometry(1 + random.nextInt(8), 4 + random.nextInt(60), 1, 10_000);
    int running = (shortest > 0 ? 16 : 1) + random.nextInt(12);
    int guests = random.nextInt(3);
    int stepTokens = running + guests + random.nextInt(30);
    long target = random.nextBoolean() ? Long.MAX_VALUE : 10;
    int stages = 2 + random.nextInt(3);
    Limits limits = new Limits(running, guests, stepTokens, target, 0.05, random.nextDouble());
    start(geometry, limits, stages, new Roofline(0, 1, 1e15, 1e9, 1));
    int moves = 0;
    for (int step = 0; step < steps; step++) {
      if (random.nextInt(100) < 40) {
        addAny(random, shortest);
      }
      if (random.nextInt(100) < 10 && !requests.isEmpty()) {
        cancel(requests.get(random.nextInt(requests.size())));
      }
      if (flying.size() < stages && (flying.isEmpty() || random.nextInt(4) > 0)) {
        if (!scheduler.idle() && begin()) {
          moves += flying.getLast().plan().moves();
          assertThat(flying.getLast().plan().tokens()).isLessThanOrEqualTo(stepTokens);
        }
      } else {
        end();
      }
      assertThat(scheduler.running()).isLessThanOrEqualTo(running + guests);
    }
    runToTheEnd();
    return moves;
  }

  private void addAny(Random random, int shortest) {
    int arena = Math.min(scheduler.geometry().tokens(), scheduler.geometry().maxContext());
    int total = shortest + 2 + random.nextInt(shortest > 0 ? 200 : arena - 1);
    int prompt = 1 + random.nextInt(total - 1 - shortest);
    int[] ids = TraceRequest.prompt(random, prompt, requests);
    int[] stops = TraceRequest.stops(random);
    add(random.nextInt(flows.size()), ids, total - prompt, stops);
  }

  private void cancel(TraceRequest request) {
    if (scheduler.cancel(request.sequence)) {
      request.ends++;
      request.cancelled = true;
    }
  }
}
