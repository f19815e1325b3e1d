package dev.outcrop.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class WatchdogTest {
  @Test
  void interruptsWhoTakesTooLongAndLeavesNothingBehind() throws Exception {
    try (Watchdog watchdog = new Watchdog()) {
      Watchdog.Watch watch = watchdog.until(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(20));
      try (watch) {
        assertThatThrownBy(() -> Thread.sleep(60_000)).isInstanceOf(InterruptedException.class);
      }
      assertThat(watch.timedOut()).isTrue();
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void neverInterruptsAfterTheWatchIsOver() throws Exception {
    try (Watchdog watchdog = new Watchdog()) {
      for (int i = 0; i < 2_000; i++) {
        watchdog.until(System.nanoTime() + i * 50L).close();
      }
      Thread.sleep(20); // throws where one came late
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }
}
