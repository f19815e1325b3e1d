package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.BatchingError;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.SubmitResult.Rejected;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.NextToken;
import dev.outcrop.models.testing.FakeEngine.StepFault;
import dev.outcrop.models.testing.Roofline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What fails alone ends alone; what fails for all ends all. */
@Timeout(60)
class FailureTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 64, 1, 128);
  private static final BatchingConfig CONFIG = new BatchingConfig(8, 24, 100, 1_000, 20);
  private static final int POISON = 13;

  /** Holds the first step until all requests are in, so that they share the steps after it. */
  private final Gate gate = new Gate();

  @Test
  void endsOnlyTheSequenceWhoseRowFailed() throws Exception {
    NextToken next =
        (history, prompt, length) ->
            history[0] == POISON && length == prompt + 3
                ? StepResult.ROW_FAILED
                : Requests.NEXT.next(history, prompt, length);

    List<TokenEvent> poisoned = poisonedAmongOthers(engine(next, StepFault.NONE));

    assertThat(Requests.ids(poisoned)).containsExactly(Requests.expected(poison(), 3));
    assertFailed(poisoned, BatchingError.SEQUENCE_FAILED);
  }

  @Test
  void endsOnlyTheSequencesThatFailAStepAlone() throws Exception {
    StepFault fault =
        (step, plan) -> holdsPoison(plan, 3) && plan.rows() >= 1 ? ModelError.STEP_FAILED : null;

    List<TokenEvent> poisoned = poisonedAmongOthers(engine(Requests.NEXT, fault));

    assertThat(Requests.ids(poisoned)).containsExactly(Requests.expected(poison(), 3));
    assertFailed(poisoned, ModelError.STEP_FAILED);
  }

  @Test
  void endsNobodyWhenAStepFailsButEachRowAloneDoesNot() throws Exception {
    StepFault fault =
        (step, plan) -> plan.rows() > 1 && step % 3 == 0 ? ModelError.STEP_FAILED : null;

    List<TokenEvent> events = poisonedAmongOthers(engine(Requests.NEXT, fault));

    assertThat(Requests.ids(events)).containsExactly(Requests.expected(poison(), 20));
    assertThat(events.getLast()).isInstanceOf(TokenEvent.Finished.class);
  }

  @Test
  void endsAllWithAnErrorEachWhenTheEngineDies() throws Exception {
    StepFault fault = (step, plan) -> step == 4 ? ModelError.ENGINE_DEAD : null;

    FakeEngine engine = engine(Requests.NEXT, fault);
    assertDeath(engine);
    assertThat(engine.steps()).as("a dead engine is left alone").isEqualTo(5);
  }

  @Test
  void endsAllWhenTheEngineDiesWhileAFailedStepIsIsolated() throws Exception {
    StepFault fault =
        (step, plan) ->
            switch ((int) step) {
              case 3 -> ModelError.STEP_FAILED;
              case 5 -> ModelError.ENGINE_DEAD;
              default -> null;
            };

    FakeEngine engine = engine(Requests.NEXT, fault);
    assertDeath(engine);
    assertThat(engine.steps()).as("a dead engine is left alone").isEqualTo(6);
  }

  @Test
  void endsAllWhenAnExceptionEscapesTheEngine() throws Exception {
    NextToken next =
        (history, prompt, length) -> {
          if (length == prompt + 4) {
            throw new UnsatisfiedLinkError("no such kernel");
          }
          return Requests.NEXT.next(history, prompt, length);
        };

    assertDeath(engine(next, StepFault.NONE));
  }

  @Test
  void endsOnlyTheSequenceWhosePublishingFails() throws Exception {
    Engine broken =
        new Wrapped(engine(Requests.NEXT, StepFault.NONE)) {
          @Override
          StepResult change(StepPlan plan, StepResult.Sampled result) {
            return plan.rows() == 5
                ? new StepResult.Sampled(
                    result.tokens(),
                    Arrays.copyOf(result.logprobs(), 4),
                    result.topTokens(),
                    result.topLogprobs())
                : result;
          }
        };
    try (Batcher batcher = Requests.start(broken, CONFIG);
        Gate _ = gate) {
      TokenStream holder = Requests.accepted(batcher, Requests.prompt(1, 0), 1);
      gate.awaitStep();
      List<TokenStream> streams = new ArrayList<>();
      for (int i = 1; i <= 5; i++) {
        streams.add(Requests.accepted(batcher, Requests.prompt(3, i), i < 5 ? 10 : 100));
      }
      gate.open();
      Requests.readAll(holder);

      for (int i = 1; i <= 4; i++) {
        assertThat(Requests.ids(Requests.readAll(streams.get(i - 1))))
            .containsExactly(Requests.expected(Requests.prompt(3, i), 10));
      }
      assertFailed(Requests.readAll(streams.get(4)), BatchingError.SEQUENCE_FAILED);
      assertThat(batcher.signals().kvUnitsReferenced()).isZero();
      assertThat(batcher.alive()).isTrue();
    }
  }

  @Test
  void isNotHeldUpByAReaderThatNeverReads() throws Exception {
    try (Batcher batcher = Requests.start(engine(Requests.NEXT, StepFault.NONE), CONFIG);
        Gate _ = gate) {
      gate.open();
      TokenStream unread = Requests.accepted(batcher, Requests.prompt(5, 1), 60);
      for (int i = 0; i < 20; i++) {
        Requests.readAll(Requests.accepted(batcher, Requests.prompt(4, i), 10));
      }

      assertThat(Requests.ids(Requests.readAll(unread)))
          .containsExactly(Requests.expected(Requests.prompt(5, 1), 60));
    }
  }

  private FakeEngine engine(NextToken next, StepFault fault) {
    return new FakeEngine(GEOMETRY, Roofline.INSTANT, next, fault, gate);
  }

  private static int[] poison() {
    return new int[] {POISON, 2, 3};
  }

  /** Whether a row of the plan belongs to the poisoned sequence and has this many tokens of it. */
  private static boolean holdsPoison(StepPlan plan, int completion) {
    for (int row = 0; row < plan.rows(); row++) {
      int[] history = plan.history(row);
      if (history.length > 0
          && history[0] == POISON
          && plan.historyLength(row) - plan.historyPrompt(row) == completion) {
        return true;
      }
    }
    return false;
  }

  /** Runs a request that starts with the poison among four others, which have to be unharmed. */
  private List<TokenEvent> poisonedAmongOthers(FakeEngine engine) throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG);
        Gate _ = gate) {
      List<int[]> prompts = new ArrayList<>();
      List<TokenStream> streams = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int[] prompt = Requests.prompt(10, i);
        prompt[0] = 1;
        prompts.add(prompt);
      }
      streams.add(Requests.accepted(batcher, prompts.get(0), 20));
      gate.awaitStep();
      streams.add(Requests.accepted(batcher, prompts.get(1), 20));
      TokenStream poisoned = Requests.accepted(batcher, poison(), 20);
      streams.add(Requests.accepted(batcher, prompts.get(2), 20));
      streams.add(Requests.accepted(batcher, prompts.get(3), 20));
      gate.open();

      List<TokenEvent> events = Requests.readAll(poisoned);
      for (int i = 0; i < 4; i++) {
        assertThat(Requests.ids(Requests.readAll(streams.get(i))))
            .containsExactly(Requests.expected(prompts.get(i), 20));
      }
      assertThat(batcher.alive()).isTrue();
      assertThat(batcher.signals().kvUnitsReferenced()).isZero();
      return events;
    }
  }

  private void assertDeath(FakeEngine dying) throws Exception {
    AtomicBoolean closed = new AtomicBoolean();
    Engine engine =
        new Wrapped(dying) {
          @Override
          StepResult change(StepPlan plan, StepResult.Sampled result) {
            return result;
          }

          @Override
          public void close() {
            closed.set(true);
          }
        };
    try (Batcher batcher = Requests.start(engine, CONFIG);
        Gate _ = gate) {
      List<TokenStream> streams = new ArrayList<>();
      streams.add(Requests.accepted(batcher, Requests.prompt(10, 0), 20));
      gate.awaitStep();
      for (int i = 1; i < 12; i++) {
        streams.add(Requests.accepted(batcher, Requests.prompt(10, i), 20));
      }
      gate.open();

      for (TokenStream stream : streams) {
        assertFailed(Requests.readAll(stream), ModelError.ENGINE_DEAD);
      }
      assertThat(batcher.alive()).isFalse();
      assertThat(batcher.signals().kvUnitsReferenced()).isZero();
      assertThat(batcher.submit(Requests.request(Requests.prompt(1, 1), 1)))
          .isEqualTo(
              new Rejected(
                  Reason.UNAVAILABLE, "the engine is not available", Duration.ofSeconds(1)));
      streams.getFirst().close();
    }
    assertThat(closed).isTrue();
  }

  private static void assertFailed(List<TokenEvent> events, Object code) {
    assertThat(events.getLast())
        .isInstanceOfSatisfying(
            TokenEvent.Failed.class, it -> assertThat(it.error().code()).isEqualTo(code));
  }

  /** An engine that changes what another one answers. */
  private abstract static class Wrapped implements Engine {
    private final Engine engine;

    Wrapped(Engine engine) {
      this.engine = engine;
    }

    abstract StepResult change(StepPlan plan, StepResult.Sampled result);

    @Override
    public KvGeometry geometry() {
      return engine.geometry();
    }

    @Override
    public Pending submit(StepPlan plan) {
      Pending pending = engine.submit(plan);
      return () ->
          switch (pending.await()) {
            case StepResult.Sampled result -> change(plan, result);
            case StepResult.Failed failed -> failed;
          };
    }

    @Override
    public void close() {
      engine.close();
    }
  }
}
