package dev.outcrop.serving.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the drain of a server waits for; its limits are hours, which no test has. */
@Timeout(60)
final class LifeCycleTest {
  private static final Duration LONG = Duration.ofHours(1);

  private final LifeCycle lifeCycle = new LifeCycle();

  @BeforeEach
  void serve() {
    lifeCycle.serve();
  }

  @Test
  void theWaitForTheDelayEndsWhenTheDrainBegins() throws Exception {
    assertThat(lifeCycle.leave(LONG)).isTrue();
    FutureTask<Boolean> wait = new FutureTask<>(() -> lifeCycle.awaitDrain(LONG));
    Thread waiting = Thread.ofVirtual().start(wait);
    Await.until(() -> waiting.getState() == Thread.State.TIMED_WAITING);

    assertThat(lifeCycle.drain(LONG)).isTrue();

    assertThat(wait.get(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void thereIsNoWaitForADelayThatIsOver() throws Exception {
    lifeCycle.leave(LONG);
    lifeCycle.drain(LONG);

    assertThat(lifeCycle.leave(LONG)).as("it has begun").isFalse();
    assertThat(lifeCycle.awaitDrain(LONG)).isTrue();
    assertThat(lifeCycle.awaitEmpty(LONG)).isTrue();
  }

  @Test
  void theWaitForRequestsEndsWithTheLast() throws Exception {
    lifeCycle.enter(2);
    lifeCycle.enter(2);
    lifeCycle.leave(LONG);
    lifeCycle.drain(LONG);
    FutureTask<Boolean> wait = new FutureTask<>(() -> lifeCycle.awaitEmpty(LONG));
    Thread waiting = Thread.ofVirtual().start(wait);
    Await.until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
    lifeCycle.leave();
    assertThat(lifeCycle.inFlight()).isEqualTo(1);
    assertThat(wait.isDone()).isFalse();

    lifeCycle.leave();

    assertThat(wait.get(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void tellsWhenWaitingWasInVain() throws Exception {
    lifeCycle.enter(1);
    lifeCycle.leave(LONG);

    assertThat(lifeCycle.awaitDrain(Duration.ofMillis(1))).isFalse();
    assertThat(lifeCycle.awaitEmpty(Duration.ofMillis(1))).isFalse();
  }
}
