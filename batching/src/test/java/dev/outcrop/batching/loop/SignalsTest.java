package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.StreamTimes;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.StepFault;
import dev.outcrop.models.testing.Roofline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What autoscaling and metrics read, on a clock that only the test moves. */
@Timeout(60)
class SignalsTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 64, 1, 128);
  private static final BatchingConfig CONFIG = new BatchingConfig(2, 16, 100, 1_000, 20);

  private final Gate gate = new Gate();
  private final AtomicLong clock = new AtomicLong();
  private final AtomicBoolean broken = new AtomicBoolean();
  private final StepFault fault = (step, plan) -> broken.get() ? ModelError.STEP_FAILED : null;
  private final FakeEngine engine =
      new FakeEngine(GEOMETRY, Roofline.INSTANT, Requests.NEXT, fault, gate);

  @Test
  void learnsHowFastPromptsAndDecodesRun() {
    try (Batcher batcher = start();
        Gate _ = gate) {
      assertThat(batcher.signals().pace()).isEqualTo(Signals.Pace.NONE);
      Requests.accepted(batcher, Requests.prompt(10, 1), 20);
      gate.awaitStep();
      steps(1, 20);
      assertThat(batcher.signals().pace().prefillTokensPerSecond()).isCloseTo(500, within(1e-6));
      steps(3, 5);

      Signals.Pace pace = batcher.signals().pace();
      assertThat(pace.prefillTokensPerSecond()).isCloseTo(500, within(1e-6));
      assertThat(pace.decodeTokensPerSecond()).isCloseTo(200, within(1e-6));
      assertThat(pace.desiredReplicas()).isEqualTo(1);
    }
  }

  @Test
  void asksForReplicasWhileMoreIsQueuedThanOneCanRunInTime() throws Exception {
    try (Batcher batcher = start();
        Gate _ = gate) {
      List<TokenStream> streams = new ArrayList<>();
      streams.add(Requests.accepted(batcher, Requests.prompt(10, 1), 20));
      gate.awaitStep();
      steps(1, 1_000); // 10 tokens a second
      for (int i = 0; i < 9; i++) {
        streams.add(Requests.accepted(batcher, Requests.prompt(10, 10 + i), 20));
      }
      steps(2, 10);

      Signals signals = batcher.signals();
      assertThat(signals.waitingPromptTokens()).isGreaterThanOrEqualTo(80);
      assertThat(signals.waitingPrompts()).isGreaterThanOrEqualTo(8);
      assertThat(signals.pace().load()).isGreaterThan(4);
      assertThat(signals.pace().desiredReplicas())
          .isEqualTo((int) Math.ceil(signals.pace().load()));

      gate.open();
      for (TokenStream stream : streams) {
        Requests.readAll(stream);
      }
      assertThat(batcher.signals().pace().load()).isZero();
      assertThat(batcher.signals().pace().desiredReplicas()).isZero();
    }
  }

  @Test
  void countsARequestThatMissedATargetAndForgetsItInTime() throws Exception {
    try (Batcher batcher = start();
        Gate _ = gate) {
      TokenStream quick = Requests.accepted(batcher, Requests.prompt(3, 1), 2);
      gate.awaitStep();
      steps(1, 2_000);
      clock.addAndGet(millis(100));
      gate.release();
      Requests.readAll(quick);
      assertThat(batcher.signals().burn()).isEqualTo(Signals.Burn.NONE);

      TokenStream slow = Requests.accepted(batcher, Requests.prompt(3, 2), 2);
      gate.awaitStep();
      steps(1, 2_001);
      clock.addAndGet(millis(101));
      gate.release();
      Requests.readAll(slow);

      Signals.Burn burn = batcher.signals().burn();
      assertThat(burn.firstToken()).isCloseTo(50, within(1e-9));
      assertThat(burn.tokenInterval()).isCloseTo(50, within(1e-9));
      clock.addAndGet(Duration.ofMinutes(5).toNanos());
      assertThat(batcher.signals().burn()).isEqualTo(Signals.Burn.NONE);
    }
  }

  @Test
  void countsAFailedRequestAsAMissAndOneThatWasGivenUpInTimeNotAtAll() throws Exception {
    try (Batcher batcher = start();
        Gate _ = gate) {
      TokenStream first = Requests.accepted(batcher, Requests.prompt(3, 1), 2);
      gate.awaitStep();
      TokenStream hasty = Requests.accepted(batcher, Requests.prompt(3, 2), 2);
      hasty.close();
      steps(1, 10);
      TokenStream patient = Requests.accepted(batcher, Requests.prompt(3, 3), 2);
      patient.close();
      clock.addAndGet(millis(2_001));
      gate.release();
      Requests.readAll(first);
      Requests.readAll(hasty);
      Requests.readAll(patient);
      assertThat(batcher.signals().burn().firstToken()).as("1 of 2").isCloseTo(50, within(1e-9));

      broken.set(true);
      gate.open();
      Requests.readAll(Requests.accepted(batcher, Requests.prompt(3, 4), 2));
      assertThat(batcher.signals().burn().firstToken())
          .as("2 of 3")
          .isCloseTo(200 / 3.0, within(1e-9));
    }
  }

  @Test
  void countsPrefixHitsOncePerRequest() throws Exception {
    try (Batcher batcher = start();
        Gate _ = gate) {
      gate.open();
      int[] prompt = Requests.prompt(10, 1);
      Requests.readAll(Requests.accepted(batcher, prompt, 2));
      assertThat(batcher.signals().reuse()).isEqualTo(new Signals.Reuse(0, 10, 0));

      Requests.readAll(Requests.accepted(batcher, prompt, 2));

      assertThat(batcher.signals().reuse()).isEqualTo(new Signals.Reuse(8, 12, 0));
    }
  }

  @Test
  void learnsTheKneeFromStepsOfTwoSizes() {
    try (Batcher batcher = start();
        Gate _ = gate) {
      Requests.accepted(batcher, Requests.prompt(10, 1), 20);
      gate.awaitStep();
      steps(4, 10);
      assertThat(batcher.signals().pace().knee()).as("one size only").isZero();

      Requests.accepted(batcher, Requests.prompt(10, 2), 20);
      steps(7, 40);

      assertThat(batcher.signals().pace().knee()).isEqualTo(2);
    }
  }

  @Test
  void tellsWhenARequestWasQueuedScheduledAndGotEachToken() throws Exception {
    try (Batcher batcher = start();
        Gate _ = gate) {
      clock.set(7);
      TokenStream first = Requests.accepted(batcher, Requests.prompt(3, 1), 3);
      gate.awaitStep();
      TokenStream second = Requests.accepted(batcher, Requests.prompt(3, 2), 20);
      TokenStream waits = Requests.accepted(batcher, Requests.prompt(3, 3), 2);
      assertThat(waits.times()).isNull();
      steps(3, 10);
      steps(2, 100);

      assertThat(nanos(first)).containsExactly(millis(10) + 7, millis(20) + 7, millis(30) + 7);
      assertThat(first.times()).isEqualTo(new StreamTimes(7, 7, millis(30) + 7));
      assertThat(nanos(waits)).containsExactly(millis(130) + 7, millis(230) + 7);
      assertThat(waits.times()).isEqualTo(new StreamTimes(7, millis(30) + 7, millis(230) + 7));
      second.close();
    }
  }

  @Test
  void aPreemptionChangesNothingOfWhenARequestWasScheduled() throws Exception {
    try (Batcher batcher = Batchers.start("test", engine, withoutGuests(), clock::get);
        Gate _ = gate) {
      TokenStream first = Requests.accepted(batcher, Requests.prompt(3, 1), 9);
      TokenStream second = Requests.accepted(batcher, Requests.prompt(3, 2), 9);
      gate.awaitStep();
      steps(6, 10);
      GenerateRequest before = Requests.request(Requests.prompt(3, 3), 2);
      TokenStream urgent =
          Requests.accepted(
              batcher,
              new GenerateRequest(
                  before.prompt(),
                  2,
                  before.sampling(),
                  new int[0],
                  new Service("tenant", 1, Tier.PRIORITY, null, "tenant")));
      steps(3, 10);
      assertThat(batcher.signals().reuse().preemptions()).isEqualTo(1);
      assertThat(batcher.signals().reuse().missedTokens()).as("each once").isEqualTo(9);

      gate.open();
      Requests.readAll(first);
      Requests.readAll(second);
      Requests.readAll(urgent);
      assertThat(first.times().scheduledNanos()).isZero();
      assertThat(second.times().scheduledNanos()).isLessThanOrEqualTo(millis(30));
      assertThat(urgent.times().scheduledNanos()).isGreaterThanOrEqualTo(millis(60));
      assertThat(batcher.signals().reuse().missedTokens()).as("still").isEqualTo(9);
    }
  }

  private static List<Long> nanos(TokenStream stream) throws InterruptedException {
    List<Long> nanos = new ArrayList<>();
    while (stream.next() instanceof TokenEvent.Token token) {
      nanos.add(token.nanos());
    }
    return nanos;
  }

  private static BatchingConfig withoutGuests() {
    BatchingConfig.Sharing sharing = BatchingConfig.Sharing.DEFAULT;
    return new BatchingConfig(
        2,
        16,
        100,
        1_000,
        20,
        new BatchingConfig.Sharing(
            0,
            sharing.tokenInterval(),
            sharing.flexFloor(),
            sharing.prefixes(),
            sharing.cacheShare(),
            sharing.tenantRequests(),
            sharing.tenantTokens()),
        BatchingConfig.Objectives.DEFAULT,
        CompiledShapes.DEFAULT);
  }

  private Batcher start() {
    return Batchers.start("test", engine, CONFIG, clock::get);
  }

  private void steps(int count, long millisEach) {
    for (int i = 0; i < count; i++) {
      clock.addAndGet(millis(millisEach));
      gate.release();
      gate.awaitStep();
    }
  }

  private static long millis(long millis) {
    return Duration.ofMillis(millis).toNanos();
  }
}
