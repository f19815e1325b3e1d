package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Health;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.StepFault;
import dev.outcrop.models.testing.Roofline;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What counts as alive, on a clock that only the test moves. */
@Timeout(60)
class WatchdogTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 64, 1, 128);
  private static final BatchingConfig CONFIG = new BatchingConfig(8, 24, 100, 1_000, 20);
  private static final Duration UNKNOWN = Duration.ofSeconds(30);

  private final Gate gate = new Gate();
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000_000_000L);
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final Logger logger = Logger.getLogger(StepWatch.class.getName());
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          log.add(new SimpleFormatter().formatMessage(record));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void leave() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }

  @Test
  void livesHoweverLongThereIsNothingToDo() {
    try (Batcher batcher = start(StepFault.NONE)) {
      clock.addAndGet(Duration.ofHours(1).toNanos());

      assertThat(batcher.health()).isEqualTo(new Health.Live());
      assertThat(batcher.signals().lastProgressNanos()).isEqualTo(clock.get());
    }
  }

  @Test
  void givesAStepTenTimesWhatIsExpectedOfIt() {
    try (Batcher batcher = start(StepFault.NONE);
        Gate _ = gate) {
      Requests.accepted(batcher, Requests.prompt(2, 1), 60);
      gate.awaitStep();
      steps(5, Duration.ofSeconds(2));

      clock.addAndGet(Duration.ofSeconds(20).toNanos());
      assertThat(batcher.health()).isEqualTo(new Health.Live());
      clock.addAndGet(1);

      assertThat(batcher.health())
          .isEqualTo(
              new Health.Stuck(
                  new Health.Step(5, 1, 1, 0, 1, Duration.ofSeconds(2), Duration.ofSeconds(20)),
                  Duration.ofSeconds(20).plusNanos(1)));
      assertThat(batcher.alive()).isFalse();
    }
  }

  @Test
  void givesEveryStepFiveSeconds() {
    try (Batcher batcher = start(StepFault.NONE);
        Gate _ = gate) {
      Requests.accepted(batcher, Requests.prompt(2, 1), 60);
      gate.awaitStep();
      steps(5, Duration.ofMillis(10));

      clock.addAndGet(Duration.ofSeconds(5).toNanos());
      assertThat(batcher.alive()).isTrue();
      clock.addAndGet(1);
      assertThat(batcher.alive()).isFalse();
    }
  }

  @Test
  void waitsLongerForAStepWhoseKindNeverRan() {
    try (Batcher batcher = start(StepFault.NONE);
        Gate _ = gate) {
      Requests.accepted(batcher, Requests.prompt(2, 1), 60);
      gate.awaitStep();
      clock.addAndGet(UNKNOWN.toNanos());
      assertThat(batcher.alive()).as("the first prompt").isTrue();
      clock.addAndGet(1);
      assertThat(batcher.alive()).isFalse();

      gate.release();
      gate.awaitStep();
      assertThat(batcher.alive()).as("slow, but it ended").isTrue();
      clock.addAndGet(4 * (UNKNOWN.toNanos() + 1));
      assertThat(batcher.alive()).as("the first decode").isTrue();
      clock.addAndGet(1);
      assertThat(batcher.alive()).isFalse();
    }
  }

  @Test
  void namesThePlanOfAStuckStepOnceAndNoTokens() throws Exception {
    try (Batcher batcher = start(StepFault.NONE);
        Gate _ = gate) {
      TokenStream first = Requests.accepted(batcher, new int[] {71, 72, 73}, 60);
      gate.awaitStep();
      steps(5, Duration.ofMillis(10));
      TokenStream second = Requests.accepted(batcher, Requests.prompt(40, 2), 20);
      steps(1, Duration.ofMillis(10));

      clock.addAndGet(Duration.ofSeconds(6).toNanos());
      assertThat(batcher.health())
          .isInstanceOfSatisfying(
              Health.Stuck.class,
              it -> {
                assertThat(it.step().rows()).isEqualTo(2);
                assertThat(it.step().decodeRows()).isEqualTo(1);
                assertThat(it.step().prefillTokens()).isEqualTo(4);
                assertThat(it.step().kvSegments()).isEqualTo(2);
              });
      assertThat(batcher.alive()).isFalse();

      assertThat(log)
          .singleElement()
          .asString()
          .startsWith("the engine of test is stuck: ")
          .contains("rows=2, decodeRows=1, prefillTokens=4, kvSegments=2")
          .doesNotContain("71", "72", "73");
      gate.open();
      assertThat(Requests.ids(Requests.readAll(first))).hasSize(60);
      assertThat(Requests.ids(Requests.readAll(second))).hasSize(20);
      assertThat(batcher.health()).isEqualTo(new Health.Live());
      assertThat(log).hasSize(2);
      assertThat(log.getLast()).contains("goes on: step 6 came back after 6,000 ms");
    }
  }

  @Test
  void watchesEachRowOfAFailedStepThatRunsAlone() throws Exception {
    StepFault fault = (step, plan) -> plan.rows() > 1 ? ModelError.STEP_FAILED : null;
    try (Batcher batcher = start(fault);
        Gate _ = gate) {
      TokenStream first = Requests.accepted(batcher, Requests.prompt(2, 1), 20);
      gate.awaitStep();
      TokenStream second = Requests.accepted(batcher, Requests.prompt(2, 2), 20);
      steps(1, Duration.ofSeconds(1)); // now decodes the first alone, to know how long that takes
      steps(1, Duration.ofSeconds(1)); // now both, which fails, then row by row
      for (int each = 0; each < 3; each++) {
        clock.addAndGet(Duration.ofSeconds(10).toNanos());
        assertThat(batcher.alive()).as("within the time of one step").isTrue();
        gate.release();
        gate.awaitStep();
      }
      clock.addAndGet(Duration.ofHours(1).toNanos());
      assertThat(batcher.alive()).isFalse();
      gate.open();
      assertThat(Requests.ids(Requests.readAll(first))).hasSize(20);
      assertThat(Requests.ids(Requests.readAll(second))).hasSize(20);
      assertThat(batcher.alive()).isTrue();
    }
  }

  @Test
  void staysDeadOnceTheEngineIs() throws Exception {
    try (Batcher batcher = start((step, plan) -> ModelError.ENGINE_DEAD);
        Gate _ = gate) {
      gate.open();
      TokenStream stream = Requests.accepted(batcher, Requests.prompt(2, 1), 20);
      assertThat(Requests.readAll(stream).getLast()).isInstanceOf(TokenEvent.Failed.class);

      assertThat(batcher.health()).isEqualTo(new Health.Dead("ENGINE_DEAD"));
      clock.addAndGet(Duration.ofHours(1).toNanos());
      assertThat(batcher.health()).isEqualTo(new Health.Dead("ENGINE_DEAD"));
    }
  }

  @Test
  void isDeadWhenClosed() {
    Batcher batcher = start(StepFault.NONE);
    batcher.close();

    assertThat(batcher.health()).isEqualTo(new Health.Dead("closed"));
  }

  @Test
  void noticesALoopThatHasWorkButRunsNoStep() {
    StepWatch watch = new StepWatch("test", clock::get, UNKNOWN);
    long begin = clock.get();

    clock.addAndGet(UNKNOWN.toNanos());
    assertThat(watch.health(() -> begin)).isEqualTo(new Health.Live());
    clock.addAndGet(1);
    assertThat(watch.health(() -> begin)).isEqualTo(new Health.Stalled(UNKNOWN.plusNanos(1)));
  }

  private Batcher start(StepFault fault) {
    FakeEngine engine = new FakeEngine(GEOMETRY, Roofline.INSTANT, Requests.NEXT, fault, gate);
    return Batchers.start("test", engine, CONFIG, clock::get, UNKNOWN);
  }

  /** Ends the step in flight and those that follow; then the engine is inside the next one. */
  private void steps(int count, Duration each) {
    for (int i = 0; i < count; i++) {
      clock.addAndGet(each.toNanos());
      gate.release();
      gate.awaitStep();
    }
  }
}
