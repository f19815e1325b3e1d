package dev.outcrop.serving.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class DistinctValuesTest {
  private final DistinctValues values = new DistinctValues(100);

  @Test
  void knowsTheFirstSoManyAndCallsTheRestOther() {
    for (int i = 0; i < 100; i++) {
      assertThat(values.of("tenant-" + i)).isEqualTo("tenant-" + i);
    }

    assertThat(values.of("one-more")).isEqualTo("other");
    assertThat(values.of("tenant-7")).isEqualTo("tenant-7");
  }

  @Test
  void nobodyBringsMoreThanHeLeavesFree() {
    assertThat(taken("first")).isEqualTo(50);
    assertThat(taken("second")).isEqualTo(25);
    assertThat(taken("third")).isEqualTo(13);
    assertThat(values.of("first-50", "first")).isEqualTo("other");
    assertThat(values.of("first-7", "fourth")).as("everybody's").isEqualTo("first-7");
    assertThat(values.of("first-50", "fourth")).isEqualTo("first-50");
  }

  @Test
  void manyWhoBringOneEachTakeAll() {
    for (int i = 0; i < 100; i++) {
      assertThat(values.of("value-" + i, "tenant-" + i)).isEqualTo("value-" + i);
    }

    assertThat(values.of("one-more", "another")).isEqualTo("other");
  }

  private long taken(String owner) {
    return IntStream.range(0, 100)
        .filter(i -> !values.of(owner + "-" + i, owner).equals("other"))
        .count();
  }

  @Test
  void callsALongValueOther() {
    assertThat(values.of("x".repeat(128))).hasSize(128);
    assertThat(values.of("x".repeat(129))).isEqualTo("other");
  }

  @Test
  void callsHalfOfASurrogatePairOther() {
    assertThat(values.of("a\ud800")).isEqualTo("other");
    assertThat(values.of("\udc00b")).isEqualTo("other");
    assertThat(values.of("\ud83d\ude00")).isEqualTo("\ud83d\ude00");
  }

  @Test
  void knowsNoMoreWhenManyAskAtOnce() {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      IntStream.range(0, 1_000).forEach(i -> threads.execute(() -> values.of("tenant-" + i)));
    }

    assertThat(IntStream.range(0, 1_000).mapToObj(i -> values.of("tenant-" + i)).distinct())
        .hasSize(101);
  }
}
