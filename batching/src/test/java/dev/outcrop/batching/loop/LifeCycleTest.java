package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.BatchingError;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.SubmitResult.Rejected;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenEvent.FinishReason;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.StepFault;
import dev.outcrop.models.testing.Roofline;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Cancel, drain, close. */
@Timeout(60)
class LifeCycleTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 8, 1, 32);
  private static final BatchingConfig CONFIG = new BatchingConfig(8, 16, 100, 1_000, 20);

  private final Gate gate = new Gate();
  private final FakeEngine engine =
      new FakeEngine(GEOMETRY, Roofline.INSTANT, Requests.NEXT, StepFault.NONE, gate);

  @Test
  void freesTheKvOfAClosedStreamAtTheNextStep() throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG);
        Gate _ = gate) {
      TokenStream gone = Requests.accepted(batcher, Requests.prompt(2, 1), 30);
      TokenStream next = Requests.accepted(batcher, Requests.prompt(2, 2), 30);
      gate.awaitStep();
      assertThat(next.next(Duration.ZERO)).isNull();

      gone.close();
      gone.close();
      gate.release();
      gate.awaitStep();

      assertThat(gone.next()).isInstanceOf(TokenEvent.Token.class);
      assertThat(gone.next()).isEqualTo(new TokenEvent.Finished(FinishReason.CANCELLED, 2, 0, 1));
      assertThat(gone.next()).isEqualTo(new TokenEvent.Finished(FinishReason.CANCELLED, 2, 0, 1));
      gate.open();
      assertThat(Requests.ids(Requests.readAll(next))).hasSize(30);
      next.close();
    }
  }

  @Test
  void endsAQueuedRequestWhoseStreamIsClosed() throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG);
        Gate _ = gate) {
      Requests.accepted(batcher, Requests.prompt(2, 1), 30);
      gate.awaitStep();
      TokenStream queued = Requests.accepted(batcher, Requests.prompt(5, 2), 20);
      queued.close();
      gate.release();

      assertThat(queued.next()).isEqualTo(new TokenEvent.Finished(FinishReason.CANCELLED, 5, 0, 0));
      gate.open();
    }
  }

  @Test
  void finishesWhatIsInAndTakesNothingNewWhileItDrains() throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG);
        Gate _ = gate) {
      TokenStream running = Requests.accepted(batcher, Requests.prompt(2, 1), 30);
      gate.awaitStep();
      TokenStream queued = Requests.accepted(batcher, Requests.prompt(2, 2), 30);

      batcher.drain();
      batcher.drain();

      assertThat(batcher.submit(Requests.request(Requests.prompt(1, 1), 1)))
          .isInstanceOfSatisfying(
              Rejected.class, it -> assertThat(it.reason()).isEqualTo(Reason.DRAINING));
      gate.open();
      assertThat(Requests.ids(Requests.readAll(running))).hasSize(30);
      assertThat(Requests.ids(Requests.readAll(queued))).hasSize(30);
      assertThat(batcher.alive()).isTrue();
    }
  }

  @Test
  void endsEveryRequestWithAnErrorWhenClosed() throws Exception {
    Batcher batcher = Requests.start(engine, CONFIG);
    TokenStream running = Requests.accepted(batcher, Requests.prompt(2, 1), 30);
    TokenStream queued = Requests.accepted(batcher, Requests.prompt(2, 2), 30);
    gate.awaitStep();
    gate.open();

    batcher.close();
    batcher.close();

    for (TokenStream stream : List.of(running, queued)) {
      TokenEvent end = Requests.readAll(stream).getLast();
      // the loop may have finished the request before it saw the stop
      switch (end) {
        case TokenEvent.Failed(var error) ->
            assertThat(error.code()).isEqualTo(BatchingError.BATCHER_CLOSED);
        case TokenEvent.Finished finished ->
            assertThat(finished.reason()).isEqualTo(FinishReason.LENGTH);
        case TokenEvent.Token _ -> throw new AssertionError("no end");
      }
    }
    assertThat(batcher.signals().kvUnitsReferenced()).isZero();
    assertThat(batcher.signals().running()).isZero();
    assertThat(batcher.alive()).isFalse();
    assertThat(batcher.submit(Requests.request(Requests.prompt(1, 1), 1)))
        .isInstanceOfSatisfying(
            Rejected.class, it -> assertThat(it.reason()).isEqualTo(Reason.DRAINING));
    running.close();
  }

  @Test
  void ignoresTransitionsThatComeTooLate() {
    OutcropException error = new OutcropException(ModelError.ENGINE_DEAD, "gone");
    LoopState serving = new LoopState.Serving();
    LoopState stopped = serving.drain().stop();
    LoopState dead = serving.die(error);

    assertThat(serving.drain().drain()).isEqualTo(new LoopState.Draining());
    assertThat(stopped.drain()).isSameAs(stopped);
    assertThat(stopped.die(error)).isSameAs(stopped);
    assertThat(dead.stop()).isSameAs(dead);
    assertThat(dead.drain()).isSameAs(dead);
    assertThat(serving.drain().die(error)).isEqualTo(new LoopState.Dead(error));
  }
}
