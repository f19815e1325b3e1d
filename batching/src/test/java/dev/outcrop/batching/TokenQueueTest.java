package dev.outcrop.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class TokenQueueTest {
  private static final TokenEvent END =
      new TokenEvent.Finished(TokenEvent.FinishReason.STOP, 1, 0, 1);

  private final TokenQueue queue = new TokenQueue();

  private static TokenEvent.Token token(int id) {
    return new TokenEvent.Token(id, Float.NaN, new int[0], new float[0], 0);
  }

  @Test
  void givesTheLastEventAgain() throws InterruptedException {
    queue.add(token(1));
    queue.add(END);

    assertThat(queue.next()).isInstanceOf(TokenEvent.Token.class);
    assertThat(queue.next()).isSameAs(END);
    assertThat(queue.next()).isSameAs(END);
    assertThat(queue.next(Duration.ZERO)).isSameAs(END);
  }

  @Test
  void givesNothingWhereNothingComes() throws InterruptedException {
    assertThat(queue.next(Duration.ZERO)).isNull();
    assertThat(queue.next(Duration.ofMillis(1))).isNull();
  }

  /** A wake-up that got lost would leave the reader asleep, and the test would not end. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void losesNoEventAndNoWakeUp(boolean virtual) throws Exception {
    int count = 200_000;
    FutureTask<Long> reading =
        new FutureTask<>(
            () -> {
              long sum = 0;
              while (queue.next() instanceof TokenEvent.Token token) {
                sum += token.id();
              }
              return sum;
            });
    (virtual ? Thread.ofVirtual() : Thread.ofPlatform()).start(reading);
    for (int id = 0; id < count; id++) {
      queue.add(token(id));
      if (id % 64 == 0) {
        Thread.onSpinWait();
      }
    }
    queue.add(END);

    assertThat(reading.get()).isEqualTo(count * (count - 1L) / 2);
  }

  @Test
  void endsTheWaitOfAThreadThatIsInterrupted() throws Exception {
    FutureTask<TokenEvent> reading = new FutureTask<>(queue::next);
    Thread thread = Thread.ofVirtual().start(reading);
    thread.interrupt();

    assertThatThrownBy(reading::get).hasCauseInstanceOf(InterruptedException.class);
    thread.join();
  }
}
