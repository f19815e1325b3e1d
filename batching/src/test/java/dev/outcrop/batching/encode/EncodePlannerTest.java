package dev.outcrop.batching.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EncodePlannerTest {
  private static final int BUDGET = 64;
  private static final long DELAY = 1_000;
  private static final EncodeConfig CONFIG =
      new EncodeConfig(
          List.of(8, 16, 32), BUDGET, 6, Duration.ofNanos(DELAY), 1_000, 100_000, 1_000);

  private final EncodeDoor door = new EncodeDoor(CONFIG);
  private final EncodePlanner planner = new EncodePlanner(CONFIG);
  private final EncodeBatch batch = new EncodeBatch();
  private final EncodeShare one = new EncodeShare(3);
  private final EncodeShare other = new EncodeShare(3);

  @Test
  void waitsForOthersOfTheLengthUntilTheDelayIsOver() {
    planner.add(item(one, 9), 0);
    planner.add(item(one, 12), 400);

    assertThat(plan(999)).isEmpty();
    assertThat(planner.dueIn(999)).isEqualTo(1);
    assertThat(plan(1_000)).containsExactly(9, 12);
    assertThat(batch.length()).isEqualTo(16);
    assertThat(planner.dueIn(1_000)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void doesNotWaitOnceABatchIsFull() {
    IntStream.of(9, 10, 11, 12, 13).forEach(length -> planner.add(item(one, length), 5));

    assertThat(planner.dueIn(5)).isZero();
    assertThat(plan(5)).containsExactly(9, 10, 11, 12);
    assertThat(plan(5)).isEmpty();
  }

  @Test
  void keepsTheRowLimitOfShortTexts() {
    IntStream.range(0, 9).forEach(_ -> planner.add(item(one, 3), 0));

    assertThat(plan(0)).hasSize(6);
  }

  @Test
  void putsNoLongAndShortTextsTogether() {
    planner.add(item(one, 30), 0);
    planner.add(item(one, 3), 1);

    assertThat(plan(5_000)).containsExactly(30);
    assertThat(plan(5_000)).containsExactly(3);
  }

  @Test
  void servesBothTenantsOfAFloodedLengthAlike() {
    IntStream.range(0, 50).forEach(_ -> planner.add(item(one, 10), 0));
    IntStream.range(0, 2).forEach(_ -> planner.add(item(other, 11), 1));

    assertThat(plan(1)).containsExactly(10, 11, 10, 11);
  }

  @Test
  void servesATenantOfAnotherLengthAfterABatchOfTheFlood() {
    IntStream.range(0, 50).forEach(_ -> planner.add(item(one, 10), 0));
    plan(2_000);
    planner.add(item(other, 30), 2_000);
    plan(3_000);

    assertThat(plan(3_000)).containsExactly(30);
  }

  @Test
  void letsATenantThatIsABatchAheadFillNoFurtherOne() {
    IntStream.range(0, 9).forEach(_ -> planner.add(item(one, 10), 0));
    planner.add(item(other, 30), 0);

    assertThat(plan(1)).containsExactly(10, 10, 10, 10);
    assertThat(plan(1)).as("one, as a batch is due, but no more").containsExactly(10);
    assertThat(plan(DELAY)).containsExactly(30);
    assertThat(plan(DELAY)).as("nobody else waits").containsExactly(10, 10, 10, 10);
  }

  @Test
  void givesNoCreditForIdleness() {
    IntStream.range(0, 50).forEach(_ -> planner.add(item(one, 10), 0));
    IntStream.range(0, 5).forEach(_ -> plan(2_000));
    IntStream.range(0, 50).forEach(_ -> planner.add(item(other, 11), 2_000));

    assertThat(plan(4_000)).containsExactlyInAnyOrder(10, 10, 11, 11);
  }

  @Test
  void forgetsWhatWasTakenOut() {
    EncodeItem gone = item(one, 10);
    planner.add(gone, 0);
    planner.add(item(one, 11), 0);

    assertThat(planner.remove(gone)).isTrue();
    assertThat(planner.remove(gone)).isFalse();

    assertThat(planner.size()).isEqualTo(1);
    assertThat(planner.tokens()).isEqualTo(11);
    assertThat(plan(DELAY)).containsExactly(11);
    assertThat(planner.tokens()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void keepsItsPromisesOverARandomDay(long seed) {
    Random random = new Random(seed);
    EncodeConfig config = random(random);
    int[] lengths = config.lengths().stream().mapToInt(Integer::intValue).toArray();
    EncodePlanner day = new EncodePlanner(config);
    EncodeShare[] shares = new EncodeShare[1 + random.nextInt(6)];
    Arrays.setAll(shares, _ -> new EncodeShare(lengths.length));
    List<EncodeItem> waiting = new ArrayList<>();
    long now = 0;
    long freeSince = 0;
    long nextArrival = 0;
    int arrived = 0;
    int ran = 0;
    int pause = 1 + random.nextInt(3_000);
    while (arrived < 4_000 || !waiting.isEmpty()) {
      while (arrived < 4_000 && nextArrival <= now) {
        EncodeItem item =
            item(
                shares[random.nextInt(shares.length)],
                1 + random.nextInt(lengths[lengths.length - 1]));
        day.add(item, nextArrival);
        waiting.add(item);
        arrived++;
        nextArrival += random.nextInt(20) == 0 ? 20L * pause : random.nextInt(pause);
      }
      day.plan(now, batch);
      long oldest = waiting.stream().mapToLong(item -> item.due).min().orElse(Long.MAX_VALUE);
      if (batch.rows() == 0) {
        assertThat(oldest).as("a free encoder lets nobody wait past its time").isGreaterThan(now);
        long next = arrived < 4_000 ? nextArrival : Long.MAX_VALUE;
        now = Math.min(next, now + Math.min(day.dueIn(now), 1L << 40));
        continue;
      }
      assertThat(now)
          .as("runs when its time is over or the encoder is free again")
          .isLessThanOrEqualTo(Math.max(oldest, freeSince));
      int bucket = Arrays.binarySearch(lengths, batch.length());
      assertThat(bucket).isNotNegative();
      assertThat(batch.rows() * batch.length()).isLessThanOrEqualTo(config.maxBatchTokens());
      assertThat(batch.rows()).isLessThanOrEqualTo(config.maxBatchRows());
      for (int row = 0; row < batch.rows(); row++) {
        assertThat(batch.tokens(row).length)
            .as("padded to the next length, no further")
            .isGreaterThan(bucket == 0 ? 0 : lengths[bucket - 1])
            .isLessThanOrEqualTo(batch.length());
        assertThat(waiting.remove(batch.item(row))).as("runs once").isTrue();
      }
      ran += batch.rows();
      now += 100 + (long) random.nextInt(20) * batch.rows() * batch.length();
      freeSince = now;
    }
    assertThat(ran).isEqualTo(4_000);
    assertThat(day.size()).isZero();
    assertThat(day.tokens()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void letsNoTenantGetAheadByMoreThanTwoBatches(long seed) {
    Random random = new Random(seed);
    EncodeConfig config = random(random);
    int longest = config.lengths().getLast();
    int shortest = config.lengths().getFirst();
    EncodePlanner day = new EncodePlanner(config);
    EncodeShare[] shares = new EncodeShare[2 + random.nextInt(5)];
    Arrays.setAll(shares, _ -> new EncodeShare(config.lengths().size()));
    double[] service = new double[shares.length];
    long now = 0;
    for (int step = 0; step < 3_000; step++) {
      for (int i = 0; i < shares.length; i++) {
        while (shares[i].size() < 40) { // more than a batch takes: they always wait
          int length =
              switch (i % 3) {
                case 0 -> random.nextBoolean() ? shortest : longest;
                case 1 -> 1 + random.nextInt(shortest);
                default -> longest;
              };
          day.add(item(shares[i], length), now - 2 * config.maxDelay().toNanos());
        }
      }
      day.plan(now++, batch);
      assertThat(batch.rows()).isPositive();
      for (int row = 0; row < batch.rows(); row++) {
        service[Arrays.asList(shares).indexOf(batch.item(row).share)] += batch.length();
      }
      double gap =
          Arrays.stream(service).max().orElseThrow() - Arrays.stream(service).min().orElseThrow();
      assertThat(gap).isLessThanOrEqualTo(2.0 * config.maxBatchTokens());
    }
  }

  private static EncodeConfig random(Random random) {
    List<Integer> lengths =
        random.ints(1 + random.nextInt(6), 1, 200).sorted().distinct().boxed().toList();
    int longest = lengths.getLast();
    return new EncodeConfig(
        lengths,
        longest + random.nextInt(8 * longest),
        1 + random.nextInt(32),
        Duration.ofNanos(random.nextInt(10_000)),
        10_000,
        10_000_000,
        10_000);
  }

  private EncodeItem item(EncodeShare share, int length) {
    return new EncodeItem(new EncodeRequest("tenant", 1, new int[length]), share, door);
  }

  private List<Integer> plan(long now) {
    planner.plan(now, batch);
    return IntStream.range(0, batch.rows()).map(row -> batch.tokens(row).length).boxed().toList();
  }
}
