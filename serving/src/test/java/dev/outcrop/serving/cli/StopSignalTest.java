package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class StopSignalTest {
  @Test
  void haltsTheProcessWhileNobodyWaitsForIt() {
    assertThat(new StopSignal().stop()).hasValue(143);
  }

  @Test
  void letsProcessEndOnItsOwnAfterItsWorkIsDone() {
    StopSignal signal = new StopSignal();
    signal.finished(0);
    assertThat(signal.stop()).isEmpty();
  }

  @Test
  void waitsForAServerThatHasNotGotToTheWaitYet() throws Exception {
    StopSignal signal = new StopSignal();
    signal.serving();
    CompletableFuture<OptionalInt> hook = CompletableFuture.supplyAsync(signal::stop);

    signal.await();
    assertThat(hook).isNotDone();
    signal.finished(0);

    assertThat(hook.join()).hasValue(0);
  }

  @Test
  void waitsForWhatFollowsTheWait() throws Exception {
    StopSignal signal = new StopSignal();
    CompletableFuture<Void> serving = new CompletableFuture<>();
    Thread main =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    signal.await();
                    serving.complete(null);
                  } catch (InterruptedException e) {
                    serving.completeExceptionally(e);
                  }
                });
    Await.until(() -> main.getState() == Thread.State.WAITING);

    CompletableFuture<OptionalInt> hook = CompletableFuture.supplyAsync(signal::stop);
    serving.join();
    assertThat(hook).isNotDone();
    signal.finished(3);

    assertThat(hook.join()).hasValue(3);
  }
}
