package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.BatchingError;
import dev.outcrop.batching.Health;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.CountedEngine;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.Sleeper;
import dev.outcrop.models.testing.FakeEngine.StepFault;
import dev.outcrop.models.testing.Roofline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A batcher on an engine in stages, which has as many steps in flight. */
@Timeout(60)
class StagedEngineTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 400, 1, 400);
  private static final BatchingConfig CONFIG = new BatchingConfig(16, 48, 100, 1_000, 20);

  /** Steps take their time by the token, in equal parts in every stage. */
  private static final Roofline BY_THE_TOKEN = new Roofline(0, 1_000_000, 1e15, 1e9, 0);

  private final AtomicLong clock = new AtomicLong();
  private final Gate gate = new Gate();

  private CountedEngine engine(int stages, StepFault fault, Sleeper sleeper) {
    FakeEngine fake = new FakeEngine(GEOMETRY, BY_THE_TOKEN, Requests.NEXT, fault, sleeper);
    return new CountedEngine(fake.inStages(stages, clock::get));
  }

  private Sleeper gated() {
    return nanos -> {
      gate.sleep(nanos);
      clock.addAndGet(nanos);
    };
  }

  @Test
  void runsTwoStepsAtATimeInHalfTheTime() throws Exception {
    long[] took = new long[2];
    for (int stages = 1; stages <= 2; stages++) {
      Gate held = new Gate();
      Sleeper sleeper =
          nanos -> {
            held.sleep(nanos);
            clock.addAndGet(nanos);
          };
      CountedEngine engine = engine(stages, StepFault.NONE, sleeper);
      try (Batcher batcher = Batchers.start("test", engine, CONFIG, clock::get);
          Gate _ = held) {
        List<TokenStream> streams = all(batcher, held, 16, 60);
        long begin = clock.get();
        held.open();
        readAll(streams, 60);
        took[stages - 1] = clock.get() - begin;
      }
      assertThat(engine.most()).isEqualTo(stages);
      assertThat(engine.isClosed()).isTrue();
    }
    assertThat((double) took[0] / took[1]).isBetween(1.9, 2.0);
  }

  /** The first waits in its step until all are in. */
  private static List<TokenStream> all(Batcher batcher, Gate gate, int count, int tokens) {
    List<TokenStream> streams = new ArrayList<>();
    streams.add(Requests.accepted(batcher, Requests.prompt(3, 0), tokens));
    gate.awaitStep();
    for (int i = 1; i < count; i++) {
      streams.add(Requests.accepted(batcher, Requests.prompt(3, i), tokens));
    }
    return streams;
  }

  private static void readAll(List<TokenStream> streams, int tokens) throws Exception {
    for (int i = 0; i < streams.size(); i++) {
      assertThat(Requests.ids(Requests.readAll(streams.get(i))))
          .containsExactly(Requests.expected(Requests.prompt(3, i), tokens));
    }
  }

  @Test
  void runsStepsAgainThatWereBehindAFailedOne() throws Exception {
    AtomicLong failures = new AtomicLong();
    StepFault fault =
        (step, plan) -> {
          boolean fails = plan.rows() > 1 && step % 3 == 0;
          failures.addAndGet(fails ? 1 : 0);
          return fails ? ModelError.STEP_FAILED : null;
        };
    CountedEngine engine = engine(3, fault, gated());
    try (Batcher batcher = Batchers.start("test", engine, CONFIG, clock::get);
        Gate _ = gate) {
      List<TokenStream> streams = all(batcher, gate, 9, 30);
      gate.open();

      readAll(streams, 30);
      assertThat(failures).hasPositiveValue();
      assertThat(engine.most()).isEqualTo(3);
      assertThat(batcher.alive()).isTrue();
    }
  }

  /** A chunk of its prompt fails alone while the next one is in flight. */
  @Test
  void endsOnlyTheSequenceWhoseChunkFails() throws Exception {
    int[] prompt = Requests.prompt(300, 5);
    StepFault fault =
        (step, plan) -> {
          for (int row = 0; row < plan.rows(); row++) {
            if (plan.tokens(row) > 1
                && plan.tokenId(row, 0) == prompt[0]
                && plan.position(row) == 0) {
              return ModelError.STEP_FAILED;
            }
          }
          return null;
        };
    CountedEngine engine = engine(2, fault, gated());
    try (Batcher batcher = Batchers.start("test", engine, CONFIG, clock::get);
        Gate _ = gate) {
      List<TokenStream> streams = all(batcher, gate, 4, 30);
      TokenStream broken = Requests.accepted(batcher, prompt, 10);
      gate.open();

      assertFailed(Requests.readAll(broken), ModelError.STEP_FAILED);
      readAll(streams, 30);
      assertThat(batcher.signals().kvUnitsReferenced()).isZero();
    }
  }

  @Test
  void endsAllWhenTheEngineDiesWithStepsInFlight() throws Exception {
    StepFault fault = (step, plan) -> step == 9 ? ModelError.ENGINE_DEAD : null;
    CountedEngine engine = engine(3, fault, gated());
    try (Batcher batcher = Batchers.start("test", engine, CONFIG, clock::get);
        Gate _ = gate) {
      List<TokenStream> streams = all(batcher, gate, 9, 30);
      gate.open();

      for (TokenStream stream : streams) {
        assertFailed(Requests.readAll(stream), ModelError.ENGINE_DEAD);
      }
      assertThat(batcher.alive()).isFalse();
      assertThat(batcher.signals().kvUnitsReferenced()).isZero();
    }
    assertThat(engine.isClosed()).as("closed with no step in flight").isTrue();
  }

  @Test
  void closesWithStepsInFlight() throws Exception {
    CountedEngine engine = engine(2, StepFault.NONE, gated());
    List<TokenStream> streams;
    try (Batcher batcher = Batchers.start("test", engine, CONFIG, clock::get);
        Gate _ = gate) {
      streams = all(batcher, gate, 6, 300);
      for (int i = 0; i < 20; i++) {
        gate.release();
        gate.awaitStep();
      }
      gate.open();
    }
    for (TokenStream stream : streams) {
      assertFailed(Requests.readAll(stream), BatchingError.BATCHER_CLOSED);
    }
    assertThat(engine.most()).isEqualTo(2);
    assertThat(engine.isClosed()).as("closed with no step in flight").isTrue();
  }

  @Test
  void tellsACancelledReaderOnceItsStepIsDone() throws Exception {
    CountedEngine engine = engine(2, StepFault.NONE, gated());
    try (Batcher batcher = Batchers.start("test", engine, CONFIG, clock::get);
        Gate _ = gate) {
      List<TokenStream> streams = all(batcher, gate, 2, 300);
      for (int i = 0; i < 10; i++) {
        gate.release();
        gate.awaitStep();
      }
      streams.forEach(TokenStream::close);
      gate.open();

      for (TokenStream stream : streams) {
        assertThat(Requests.readAll(stream).getLast())
            .isInstanceOfSatisfying(
                TokenEvent.Finished.class,
                end -> assertThat(end.reason()).isEqualTo(TokenEvent.FinishReason.CANCELLED));
      }
      assertThat(batcher.signals().running()).isZero();
      assertThat(batcher.signals().kvUnitsReferenced()).isZero();
    }
  }

  @Test
  void finishesWhatIsInWhileItDrains() throws Exception {
    CountedEngine engine = engine(2, StepFault.NONE, gated());
    try (Batcher batcher = Batchers.start("test", engine, CONFIG, clock::get);
        Gate _ = gate) {
      List<TokenStream> streams = all(batcher, gate, 6, 40);
      gate.release();
      gate.awaitStep();
      batcher.drain();
      gate.open();

      readAll(streams, 40);
    }
    assertThat(engine.isClosed()).isTrue();
  }

  /** What waits behind a step that is late is not late itself. */
  @Test
  void looksAtTheOldestStepForLiveness() {
    CountedEngine engine = engine(2, StepFault.NONE, gated());
    Duration unknown = Duration.ofSeconds(30);
    try (Batcher batcher = Batchers.start("test", engine, CONFIG, clock::get, unknown);
        Gate _ = gate) {
      all(batcher, gate, 4, 300);
      for (int i = 0; i < 20; i++) {
        gate.release();
        gate.awaitStep();
      }
      assertThat(batcher.health()).isEqualTo(new Health.Live());
      clock.addAndGet(Duration.ofSeconds(31).toNanos());
      assertThat(batcher.health()).isInstanceOf(Health.Stuck.class);

      gate.release();
      gate.awaitStep();

      assertThat(batcher.health()).isEqualTo(new Health.Live());
    }
  }

  private static void assertFailed(List<TokenEvent> events, Object code) {
    assertThat(events.getLast())
        .isInstanceOfSatisfying(
            TokenEvent.Failed.class, it -> assertThat(it.error().code()).isEqualTo(code));
  }
}
