package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.EngineTimes;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.RowWork;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.kv.UnitHashes;
import dev.outcrop.batching.schedule.Flow;
import dev.outcrop.batching.schedule.Limits;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.batching.schedule.StepOutcome;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.StepFault;
import dev.outcrop.models.testing.Roofline;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom time belongs to, on a clock that steps and the test move. */
@Timeout(60)
final class LedgerTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 400, 1, 400);
  private static final BatchingConfig CONFIG = new BatchingConfig(8, 48, 1_000, 10_000, 20);
  private static final Roofline STEPS = new Roofline(7_000_003, 500_000, 1e9, 1e9, 13);
  private static final RowWork WORK = new RowWork(7_000_003, 100, 1_000, 1, 5);
  private static final RowWork WINDOWED =
      new RowWork(7_000_003, 100, 1_000, 1, 5, List.of(new RowWork.Window(8, 500, 5)));
  private static final long HOUR = Duration.ofHours(1).toNanos();

  private final AtomicLong clock = new AtomicLong(12_345);
  private final long start = clock.get();

  private Batcher start(int stages, StepFault fault) {
    FakeEngine fake = new FakeEngine(GEOMETRY, STEPS, Requests.NEXT, fault, clock::addAndGet);
    return Batchers.start(
        "test",
        stages == 1 ? fake : fake.inStages(stages, clock::get),
        CONFIG,
        clock::get,
        Duration.ofHours(9),
        WORK);
  }

  private static GenerateRequest request(Random random, String tenant, Tier tier) {
    return new GenerateRequest(
        Requests.prompt(1 + random.nextInt(40), random.nextLong()),
        1 + random.nextInt(20),
        Sampling.GREEDY,
        new int[0],
        new Service(tenant, 1, tier, null, tenant));
  }

  private void awaitAll(Batcher batcher) throws InterruptedException {
    long passed = clock.get() - start;
    while (batcher.engineTimes().allNanos() != passed) {
      Thread.sleep(1); // the loop has not come to rest yet; the test's limit ends this
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void allTimeIsSomebodysToTheNanosecond(int stages) throws InterruptedException {
    Random random = new Random(stages);
    StepFault sometimes = (step, plan) -> step % 17 == 5 ? ModelError.STEP_FAILED : null;
    try (Batcher batcher = start(stages, sometimes)) {
      for (int burst = 0; burst < 12; burst++) {
        List<TokenStream> streams = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          Tier tier = Tier.values()[random.nextInt(4)];
          streams.add(Requests.accepted(batcher, request(random, "tenant-" + i % 3, tier)));
        }
        for (TokenStream stream : streams) {
          if (random.nextInt(5) == 0) {
            stream.close();
          }
          Requests.readAll(stream);
        }
        awaitAll(batcher);
        clock.addAndGet(random.nextLong(HOUR)); // nobody asks for anything
        awaitAll(batcher);
      }

      EngineTimes times = batcher.engineTimes();
      assertThat(times.allNanos()).isEqualTo(clock.get() - start);
      assertThat(times.idleNanos()).isGreaterThan(HOUR);
      assertThat(times.used().stream().map(EngineTimes.Used::tenant).distinct())
          .containsExactlyInAnyOrder("tenant-0", "tenant-1", "tenant-2");
      assertThat(times.used()).allMatch(used -> used.promptNanos() > 0);
    }
  }

  @Test
  void aRequestAloneHasTheTimeOfItsSteps() throws InterruptedException {
    try (Batcher batcher = start(1, StepFault.NONE)) {
      Requests.readAll(Requests.accepted(batcher, Requests.prompt(30, 1), 5));
      awaitAll(batcher);

      EngineTimes.Used used = batcher.engineTimes().used().getFirst();
      assertThat(used.tenant()).isEqualTo("tenant");
      assertThat(used.tier()).isEqualTo(Tier.DEFAULT);
      assertThat(used.promptNanos()).isEqualTo(STEPS.stepNanos(30, 30));
      long decodes = 0;
      for (int context = 31; context < 35; context++) {
        decodes += STEPS.stepNanos(1, context);
      }
      assertThat(used.completionNanos()).isEqualTo(decodes);
      assertThat(batcher.engineTimes().idleNanos()).isZero();
    }
  }

  /** A prompt beside a decode: by hand, from the numbers of {@link #WORK}. */
  @Test
  void aStepIsSplitByWhatItsRowsTake() {
    Limits limits = new Limits(8, 0, 64, Long.MAX_VALUE, 0.02, 0.5, 0);
    Scheduler scheduler = new Scheduler(GEOMETRY, limits);
    Flow chats = new Flow(0, Tier.DEFAULT, 1);
    Flow reads = new Flow(1, Tier.DEFAULT, 1);
    Ledger ledger = new Ledger(WORK, clock::get);
    ledger.wakes();
    StepPlan plan = new StepPlan();
    StepOutcome outcome = new StepOutcome();
    scheduler.add(sequence(chats, 10));
    scheduler.plan(plan);
    ledger.ended(plan, scheduler, start + 1_000);
    scheduler.apply(sampled(plan), 1_000, outcome);
    scheduler.add(sequence(reads, 40));
    scheduler.plan(plan);
    assertThat(plan.rows()).isEqualTo(2);

    ledger.ended(plan, scheduler, start + 1_000 + 1_000_000);

    double decode = 7_000_003 / 2.0 + 100 * 11;
    double prompt = Math.max(7_000_003 / 2.0 + 100 * 40, 40 * (1_000 + 20.5) / 5);
    assertThat(chats.time().promptNanos()).isEqualTo(1_000);
    assertThat(chats.time().completionNanos())
        .isEqualTo(Math.round(1_000_000 * decode / (decode + prompt)));
    assertThat(reads.time().promptNanos()).isEqualTo(1_000_000 - chats.time().completionNanos());
    assertThat(reads.time().completionNanos()).isZero();
  }

  /** Rows of a flow may lie apart, or touch where decodes end and prompts begin. */
  @Test
  void rowsOfAFlowAddUpWhereverTheyAre() {
    Limits limits = new Limits(8, 0, 200, Long.MAX_VALUE, 0.02, 0.5, 0);
    Scheduler scheduler = new Scheduler(GEOMETRY, limits);
    Flow one = new Flow(0, Tier.DEFAULT, 1);
    Flow other = new Flow(1, Tier.DEFAULT, 1);
    Ledger ledger = new Ledger(RowWork.TOKENS, clock::get);
    ledger.wakes();
    StepPlan plan = new StepPlan();
    StepOutcome outcome = new StepOutcome();
    for (Flow flow : List.of(one, one, other, one)) {
      scheduler.add(sequence(flow, 10));
      scheduler.plan(plan);
      scheduler.apply(sampled(plan), 1_000, outcome);
    }
    scheduler.add(sequence(one, 13));
    scheduler.add(sequence(one, 23));
    scheduler.plan(plan);
    List<Flow> flows = IntStream.range(0, 6).mapToObj(scheduler::endingFlow).toList();
    assertThat(flows).containsExactly(one, one, other, one, one, one);
    assertThat(scheduler.endingDecodeRows()).isEqualTo(4);

    ledger.ended(plan, scheduler, start + 4_000_001);

    assertThat(one.time().completionNanos()).isEqualTo(300_000);
    assertThat(other.time().completionNanos()).isEqualTo(100_000);
    assertThat(one.time().promptNanos()).isEqualTo(3_600_001);
    assertThat(other.time().promptNanos()).isZero();
  }

  @Test
  void stepsAreSplitWithoutAllocation() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Scheduler scheduler = new Scheduler(GEOMETRY, new Limits(200, 0, 400, HOUR, 0.02, 0.5, 0));
    Ledger ledger = new Ledger(WINDOWED, clock::get);
    StepPlan plan = new StepPlan();
    for (int i = 0; i < 100; i++) {
      scheduler.add(sequence(new Flow(i % 10, Tier.DEFAULT, 1), 2));
    }
    scheduler.plan(plan);
    assertThat(plan.rows()).isEqualTo(100);
    long end = split(ledger, plan, scheduler, start);

    long before = threads.getCurrentThreadAllocatedBytes();
    split(ledger, plan, scheduler, end);
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;

    assertThat(bytes).as("of 2,000 steps").isLessThan(2_000);
  }

  private static long split(Ledger ledger, StepPlan plan, Scheduler scheduler, long from) {
    long end = from;
    for (int step = 0; step < 2_000; step++) {
      end += 1_000_003;
      ledger.ended(plan, scheduler, end);
    }
    return end;
  }

  @Test
  void anEngineThatIsDeadIsIdle() throws InterruptedException {
    try (Batcher batcher = start(1, (step, plan) -> ModelError.ENGINE_DEAD)) {
      Requests.readAll(Requests.accepted(batcher, Requests.prompt(3, 1), 2));
      clock.addAndGet(HOUR);
      awaitAll(batcher);

      assertThat(batcher.engineTimes().idleNanos()).isGreaterThanOrEqualTo(HOUR);
    }
  }

  private static Sequence sequence(Flow flow, int prompt) {
    return new Sequence(
        flow,
        Requests.prompt(prompt, prompt),
        5,
        Sampling.GREEDY,
        new int[0],
        Sequence.NEVER,
        new Sequence.PrefixKey(UnitHashes.random(), prompt, GEOMETRY.unitTokens()));
  }

  private static StepResult.Sampled sampled(StepPlan plan) {
    int[] tokens = new int[plan.results()];
    return new StepResult.Sampled(tokens, new float[tokens.length], new int[0][], new float[0][]);
  }
}
