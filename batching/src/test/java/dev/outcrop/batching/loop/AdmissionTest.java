package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.kv.UnitHashes;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.StepFault;
import dev.outcrop.models.testing.Roofline;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How the queue's bounds hold against many threads. */
@Timeout(60)
class AdmissionTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 64, 1, 128);

  private final Gate gate = new Gate();
  private final FakeEngine engine =
      new FakeEngine(GEOMETRY, Roofline.INSTANT, Requests.NEXT, StepFault.NONE, gate);

  @Test
  void neverQueuesMoreRequestsThanItsBound() throws Exception {
    BatchingConfig config = new BatchingConfig(1, 16, 17, 10_000, 20);
    try (Batcher batcher = Requests.start(engine, config);
        Gate _ = gate) {
      TokenStream first = occupy(batcher);

      List<SubmitResult> results = submitAtOnce(batcher, 200, 3);

      List<TokenStream> streams = accepted(results);
      assertThat(streams).hasSize(17);
      assertThat(reasons(results)).hasSize(183).containsOnly(Reason.OVERLOADED);
      gate.open();
      Requests.readAll(first);
      for (TokenStream stream : streams) {
        assertThat(Requests.ids(Requests.readAll(stream))).hasSize(2);
      }
    }
  }

  @Test
  void neverQueuesMorePromptTokensThanItsBound() throws Exception {
    BatchingConfig config = new BatchingConfig(1, 16, 1_000, 100, 20);
    try (Batcher batcher = Requests.start(engine, config);
        Gate _ = gate) {
      occupy(batcher);

      List<SubmitResult> results = submitAtOnce(batcher, 200, 7);

      assertThat(accepted(results)).hasSize(100 / 7);
      assertThat(reasons(results)).containsOnly(Reason.OVERLOADED);
      gate.open();
    }
  }

  @Test
  void keepsAPlaceInAFullQueueForATenantThatHasLessThanItsShare() {
    BatchingConfig config = new BatchingConfig(1, 16, 10, 100, 20);

    assertThat(admit(10, house(10, 50, 0, 0, 2), config)).as("a newcomer").isNull();
    assertThat(admit(10, house(14, 90, 4, 40, 2), config)).as("up to its half").isNull();
    assertThat(admit(10, house(15, 90, 5, 40, 2), config)).isEqualTo(Reason.OVERLOADED);
    assertThat(admit(10, house(14, 90, 4, 41, 2), config)).isEqualTo(Reason.OVERLOADED);
    assertThat(admit(10, house(14, 90, 3, 30, 3), config)).isEqualTo(Reason.OVERLOADED);
    assertThat(admit(10, house(10, 50, 10, 50, 1), config))
        .as("alone")
        .isEqualTo(Reason.OVERLOADED);
    assertThat(admit(10, house(20, 90, 0, 0, 9), config)).as("twice").isEqualTo(Reason.OVERLOADED);
    assertThat(admit(10, house(2, 191, 0, 0, 9), config)).isEqualTo(Reason.OVERLOADED);
  }

  private static Admission.House house(
      int waiting, long waitingTokens, int tenantRequests, long tenantPromptTokens, int tenants) {
    return new Admission.House(
        waiting, waitingTokens, tenantRequests, 0, tenantPromptTokens, tenants);
  }

  /** Why a request is refused, null where it is let in. */
  private static @Nullable Reason admit(int prompt, Admission.House house, BatchingConfig config) {
    return switch (Admission.of(prompt, prompt + 20, null, house, config, new DrainRate())) {
      case Admission.Admitted() -> null;
      case Admission.Refused(var reason, _, _) -> reason;
    };
  }

  @Test
  void takesNewRequestsOnceTheQueueHasMovedOn() throws Exception {
    BatchingConfig config = new BatchingConfig(1, 16, 1, 100, 20);
    try (Batcher batcher = Requests.start(engine, config);
        Gate _ = gate) {
      TokenStream first = occupy(batcher);
      TokenStream second = Requests.accepted(batcher, Requests.prompt(3, 1), 2);
      assertThat(reasons(submitAtOnce(batcher, 1, 3))).containsExactly(Reason.OVERLOADED);

      gate.open();
      Requests.readAll(first);
      Requests.readAll(second);

      assertThat(accepted(submitAtOnce(batcher, 1, 3))).hasSize(1);
    }
  }

  @Test
  void countsARequestOnItsWayToTheSchedulerAsQueued() {
    Intake intake =
        new Intake(new BatchingConfig(1, 16, 1, 100, 20), new DrainRate(), System::nanoTime);
    Tenants tenants = new Tenants();
    assertThat(submit(intake, tenants)).isNotNull();

    assertThat(intake.take(new ArrayDeque<>(), false)).hasSize(1);

    assertThat(submit(intake, tenants)).isNull();
    assertThat(intake.busy()).isTrue();
    intake.holds(0, 0, 0);
    assertThat(intake.busy()).isFalse();
    assertThat(submit(intake, tenants)).isNotNull();
  }

  @Test
  void handsBackTheRequestsThatNobodyWillTake() {
    Intake intake =
        new Intake(new BatchingConfig(1, 16, 9, 100, 20), new DrainRate(), System::nanoTime);
    Tenants tenants = new Tenants();
    Command.Submit late = submit(intake, tenants);

    assertThat(intake.shut(null)).containsExactly(late);
    late.stream().close();
    assertThat(intake.take(new ArrayDeque<>(), false)).isEmpty();
    assertThat(submit(intake, tenants)).isNull();
  }

  @Test
  void refusesForEverWhatIsLongerThanTheQueue() {
    try (Batcher batcher = Requests.start(engine, new BatchingConfig(1, 16, 10, 20, 5));
        Gate _ = gate) {
      assertThat(batcher.submit(Requests.request(Requests.prompt(21, 1), 2)))
          .isEqualTo(
              new SubmitResult.Rejected(
                  Reason.NEVER_FITS,
                  "prompt of 21 tokens exceeds the queue's limit of 20",
                  Duration.ZERO));
    }
  }

  @Test
  void asksTheRefusedToComeBackWhenTheQueueMayHaveEmptied() {
    DrainRate rate = new DrainRate();
    assertThat(rate.timeFor(1_000)).isEqualTo(Duration.ofSeconds(1));

    rate.step(100, 1_000_000_000);

    assertThat(rate.timeFor(1)).isEqualTo(Duration.ofSeconds(1));
    assertThat(rate.timeFor(1_050)).isEqualTo(Duration.ofSeconds(11));
    assertThat(rate.timeFor(1_000_000)).isEqualTo(Duration.ofSeconds(60));
  }

  @Test
  void forgetsAnOldDrainRate() {
    DrainRate rate = new DrainRate();
    rate.step(100, 1_000_000_000);
    for (int i = 0; i < 100; i++) {
      rate.step(1_000, 1_000_000_000);
    }

    assertThat(rate.timeFor(10_000)).isEqualTo(Duration.ofSeconds(11));
  }

  /** As a request thread does it; null where the request is refused. */
  private static Command.@Nullable Submit submit(Intake intake, Tenants tenants) {
    Service service = Service.of("tenant", 1);
    Tenants.Tenant tenant = tenants.of(service);
    if (intake.admit(tenant, 2, 5, null) != null) {
      return null;
    }
    Sequence sequence =
        new Sequence(
            tenant.flow(service.tier()),
            new int[] {1, 2},
            3,
            Sampling.GREEDY,
            new int[0],
            Sequence.NEVER,
            new Sequence.PrefixKey(new UnitHashes(1, 2), 0, 32));
    RequestStream stream = new RequestStream(sequence, tenant, intake, 0);
    Command.Submit submit = new Command.Submit(sequence, stream, 1);
    return intake.send(submit) ? submit : null;
  }

  /** Puts one request into a step that does not end, so that the rest has to queue. */
  private TokenStream occupy(Batcher batcher) {
    TokenStream stream = Requests.accepted(batcher, Requests.prompt(2, 0), 4);
    gate.awaitStep();
    return stream;
  }

  private static List<SubmitResult> submitAtOnce(Batcher batcher, int count, int prompt)
      throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<SubmitResult>> futures = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int[] ids = Requests.prompt(prompt, i);
        Callable<SubmitResult> submit =
            () -> {
              start.await();
              return batcher.submit(Requests.request(ids, 2));
            };
        futures.add(threads.submit(submit));
      }
      start.countDown();
      List<SubmitResult> results = new ArrayList<>();
      for (Future<SubmitResult> future : futures) {
        results.add(future.get());
      }
      return results;
    }
  }

  private static List<TokenStream> accepted(List<SubmitResult> results) {
    return results.stream()
        .filter(SubmitResult.Accepted.class::isInstance)
        .map(result -> ((SubmitResult.Accepted) result).stream())
        .toList();
  }

  private static List<Reason> reasons(List<SubmitResult> results) {
    return results.stream()
        .filter(SubmitResult.Rejected.class::isInstance)
        .map(result -> ((SubmitResult.Rejected) result).reason())
        .toList();
  }
}
