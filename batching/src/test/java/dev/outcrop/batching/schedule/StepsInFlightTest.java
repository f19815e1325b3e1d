package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several steps planned before the first of them is applied. */
class StepsInFlightTest {
  private static final int VOCABULARY = TraceRequest.VOCABULARY;
  private static final int POISON = TraceRequest.POISON;

  private final StepOutcome outcome = new StepOutcome();
  private final List<TraceRequest> requests = new ArrayList<>();
  private final Map<Sequence, TraceRequest> bySequence = new HashMap<>();
  private final List<Flow> flows = new ArrayList<>();
  private final ArrayDeque<Flying> flying = new ArrayDeque<>();
  private final List<StepPlan> plans = new ArrayList<>();
  private Scheduler scheduler;
  private FakeEngine engine;
  private long clock;
  private int planned;
  private int most;

  private record Flying(StepPlan plan, Engine.Pending pending, long begin) {}

  private void start(KvGeometry geometry, Limits limits, int stages, Roofline roofline) {
    scheduler = new Scheduler(geometry, limits, stages);
    engine =
        new FakeEngine(
                geometry,
                roofline,
                (history, prompt, length) ->
                    history[0] == POISON && length > prompt
                        ? StepResult.ROW_FAILED
                        : TraceRequest.NEXT.next(history, prompt, length),
                FakeEngine.StepFault.NONE,
                nanos -> clock += nanos)
            .inStages(stages, () -> clock);
    plans.clear();
    for (int i = 0; i < stages; i++) {
      plans.add(new StepPlan());
    }
    flows.clear();
    for (int tenant = 0; tenant < 4; tenant++) {
      for (Tier tier : Tier.values()) {
        flows.add(new Flow(tenant, tier, 1 + tenant % 2));
      }
    }
    requests.clear();
    bySequence.clear();
    most = 0;
  }

  /** Plans as many steps as may be in flight, and applies the first. */
  private void step() {
    while (flying.size() < scheduler.steps() && begin()) {}
    end();
  }

  private boolean begin() {
    StepPlan plan = plans.get(planned % plans.size());
    scheduler.plan(plan, clock);
    if (plan.rows() == 0) {
      assertThat(flying).as("a step has rows unless others are in flight").isNotEmpty();
      return false;
    }
    planned++;
    flying.add(new Flying(plan, engine.submit(plan), clock));
    most = Math.max(most, flying.size());
    return true;
  }

  private void end() {
    Flying first = flying.remove();
    StepResult.Sampled result = (StepResult.Sampled) first.pending.await();
    scheduler.apply(result, clock - first.begin, outcome);
    for (int i = 0; i < outcome.entries(); i++) {
      TraceRequest request = bySequence.get(outcome.sequence(i));
      assertThat(request.ends).as("nothing comes after the end").isZero();
      if (outcome.token(i) != StepOutcome.NO_TOKEN) {
        request.published.add(outcome.token(i));
      }
      if (outcome.end(i) != null) {
        request.ends++;
        request.end = outcome.end(i);
        request.cancelled |= outcome.end(i) == StepOutcome.End.CANCELLED;
      }
    }
  }

  private TraceRequest add(int flow, int[] prompt, int maxTokens, int... stops) {
    TraceRequest request =
        new TraceRequest(
            flows.get(flow), prompt, maxTokens, stops, scheduler.geometry().unitTokens());
    requests.add(request);
    bySequence.put(request.sequence, request);
    scheduler.add(request.sequence);
    return request;
  }

  private void runToTheEnd() {
    long left = 1_000;
    for (TraceRequest request : requests) {
      left += request.ends > 0 ? 0 : 6L * (request.prompt.length + request.maxTokens);
    }
    while (!scheduler.idle()) {
      assertThat(left--).as("every step brings something: nobody starves").isPositive();
      step();
    }
    assertThat(flying).isEmpty();
    for (TraceRequest request : requests) {
      assertThat(request.ends).as("every request ends exactly once").isEqualTo(1);
      request.check();
    }
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
    assertThat(scheduler.counts().queuedTokens()).isZero();
    assertThat(scheduler.buffersHeld()).isZero();
    for (Flow flow : flows) {
      assertThat(flow.idle()).isTrue();
    }
  }

  /** Decodes that take their time by the row, as arithmetic and reading KV do. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void generatesAsManyTimesFasterAsThereAreStages(int stages) {
    Roofline byTheRow = new Roofline(0, 1_000, 1e15, 1e9, 0);
    long one = generate(1, 16, byTheRow);
    long several = generate(stages, 16, byTheRow);

    assertThat(most).isEqualTo(stages);
    assertThat((double) one / several).isBetween(0.95 * stages, (double) stages);
  }

  /** Decodes that take as long for one row as for many, as reading weights does. */
  @Test
  void generatesFasterWithMoreSequencesWhereStepsTakeTheSameTime() {
    Roofline constant = new Roofline(0, 0, 1e15, 1, 1_000_000);
    long one = generate(1, 16, constant);
    long same = generate(2, 16, constant);
    long twice = generate(2, 32, constant);

    assertThat((double) same / one).as("a sequence waits for all stages").isBetween(0.95, 1.05);
    assertThat((double) twice / one).as("twice the tokens in the time").isBetween(0.95, 1.05);
  }

  private long generate(int stages, int sequences, Roofline roofline) {
    Limits limits = Limits.of(32, 64);
    start(new KvGeometry(32, 2_000, 1, 10_000), limits, stages, roofline);
    for (int i = 0; i < sequences; i++) {
      add(0, new int[] {i, 1, 2}, 400);
    }
    long begin = clock;
    runToTheEnd();
    return clock - begin;
  }

  /** Each of them has its part of the decodes, however they came. */
  @Test
  void sharesDecodesOutEvenly() {
    start(new KvGeometry(32, 2_000, 1, 10_000), Limits.of(32, 64), 3, Roofline.INSTANT);
    for (int i = 0; i < 20; i++) {
      add(0, new int[] {i, 1, 2}, 50);
      step();
    }
    for (int i = 0; i < 10; i++) {
      step();
    }
    for (int i = 0; i < 12; i++) {
      while (flying.size() < 3 && begin()) {}
      assertThat(flying.stream().map(it -> it.plan.rows()).sorted().toList())
          .isEqualTo(List.of(6, 7, 7));
      end();
    }
    runToTheEnd();
  }

  /** The second chunk needs nothing of the first but its KV. */
  @Test
  void runsChunksOfAPromptBehindEachOther() {
    Roofline byTheToken = new Roofline(0, 1_000, 1e15, 1e9, 0);
    long[] took = new long[2];
    for (int stages = 1; stages <= 2; stages++) {
      Limits limits = Limits.of(4, 256);
      start(new KvGeometry(32, 500, 1, 10_000), limits, stages, byTheToken);
      long begin = clock;
      TraceRequest request = add(0, new Random(7).ints(4_096, 0, VOCABULARY).toArray(), 1);
      for (int i = 0; i < stages; i++) {
        assertThat(begin()).isTrue();
      }
      assertThat(flying.getLast().plan.position(0)).isEqualTo(256 * (stages - 1));
      assertThat(request.sequence.computed).isZero();
      runToTheEnd();
      took[stages - 1] = clock - begin;
    }
    // 16 chunks through two stages are 17 halves.
    assertThat((double) took[0] / took[1]).isBetween(1.85, 1.9);
  }

  /** A lone prompt that one step could hold goes in parts. */
  @Test
  void cutsAPromptSoThatAllStagesHaveWork() {
    start(new KvGeometry(32, 500, 1, 10_000), Limits.of(4, 2_048), 2, Roofline.INSTANT);
    add(0, new Random(7).ints(1_600, 0, VOCABULARY).toArray(), 1);

    assertThat(begin()).isTrue();
    assertThat(begin()).isTrue();

    assertThat(flying.getFirst().plan.tokens()).isEqualTo(800);
    assertThat(flying.getLast().plan.tokens()).isEqualTo(400);
    runToTheEnd();
  }

  /** Steps in flight share the time between two tokens. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void keepsTheTokenIntervalWhilePromptsRun(int stages) {
    long target = 50_000_000;
    Limits limits = new Limits(32, 0, 2_048, target, 0.02, 1);
    Roofline device = new Roofline(0, 1_000_000, 1e15, 1e10, 2_000_000); // 0.1 ms a token
    start(new KvGeometry(32, 2_000, 1, 10_000), limits, stages, device);
    List<TraceRequest> streams = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      streams.add(add(0, new int[] {i, 1, 2}, 2_000));
    }
    for (int i = 0; i < 40 * stages; i++) {
      step();
    }
    Random random = new Random(7);
    for (int i = 0; i < 10; i++) {
      add(1 + i % 3, random.ints(4_000, 0, VOCABULARY).toArray(), 2);
    }
    long begin = clock;
    int before = streams.getFirst().published.size();
    long slowest = 0;
    while (scheduler.prompts() > 0) {
      long last = clock;
      int known = streams.getFirst().published.size();
      while (streams.getFirst().published.size() == known) {
        step();
      }
      slowest = Math.max(slowest, clock - last);
    }
    double mean = (double) (clock - begin) / (streams.getFirst().published.size() - before);
    assertThat(mean).isBetween(0.6 * target, (double) target);
    assertThat(slowest).isLessThan(target * 6 / 5);
    assertThat(stages * (clock - begin)).as("prompts are faster").isLessThan(4_700_000_000L);
  }

  @Test
  void keepsTheKvOfACancelledSequenceUntilItsStepsAreDone() {
    start(new KvGeometry(4, 20, 1, 80), Limits.of(4, 8), 2, Roofline.INSTANT);
    TraceRequest request = add(0, new Random(7).ints(40, 0, VOCABULARY).toArray(), 8);
    assertThat(begin()).isTrue();
    assertThat(begin()).isTrue();
    int held = scheduler.kv().referenced();

    assertThat(scheduler.cancel(request.sequence)).as("not gone yet").isFalse();
    assertThat(scheduler.cancel(request.sequence)).isFalse();
    end();
    assertThat(scheduler.kv().referenced()).isEqualTo(held);
    assertThat(begin()).as("nothing more of it runs").isFalse();
    assertThat(request.ends).isZero();
    end();

    assertThat(request.end).isEqualTo(StepOutcome.End.CANCELLED);
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.idle()).isTrue();
  }

  @Test
  void endsEverythingWithStepsInFlight() {
    start(new KvGeometry(4, 40, 1, 80), Limits.of(4, 8), 2, Roofline.INSTANT);
    TraceRequest left = add(0, new Random(7).ints(40, 0, VOCABULARY).toArray(), 8);
    add(0, new Random(8).ints(20, 0, VOCABULARY).toArray(), 8);
    assertThat(begin()).isTrue();
    assertThat(begin()).isTrue();
    scheduler.cancel(left.sequence);

    scheduler.clear();

    assertThat(scheduler.idle()).isTrue();
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
    assertThat(scheduler.buffersHeld()).isZero();
  }

  /**
   * Where the arena is full, an upper tier waits for those whose steps are in flight, and gets it.
   */
  @Test
  void makesWayForAnUpperTierOnceStepsAreDone() {
    start(new KvGeometry(4, 20, 1, 80), Limits.of(4, 64), 2, new Roofline(0, 1, 1e15, 1e9, 1));
    for (int i = 0; i < 2; i++) {
      add(Tier.DEFAULT.rank(), new int[] {i, 1, 2}, 36);
    }
    for (int i = 0; i < 6; i++) {
      step();
    }
    TraceRequest urgent =
        add(Tier.RESERVED.rank(), new Random(7).ints(48, 0, VOCABULARY).toArray(), 16);
    int steps = 0;
    while (urgent.published.isEmpty()) {
      assertThat(steps++).isLessThan(8);
      step();
    }
    assertThat(scheduler.counts().preemptions()).isEqualTo(2);
    runToTheEnd();
  }

  /**
   * The fake engine holds every step's KV against what it should be when the step is submitted, and
   * again when it is awaited. What is published is held against what a request gets alone.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void holdsItsPromisesUnderRandomLoad(long seed) {
    randomLife(new Random(seed), 1_500, 0);
  }

  /** One thousand short ones: more beginnings, ends and full arenas than a long one has. */
  @Test
  void holdsItsPromisesInManyShortRuns() {
    long preempted = 0;
    for (int seed = 0; seed < 1_000; seed++) {
      randomLife(new Random(seed), 25, 0);
      preempted += scheduler.counts().preemptions();
    }
    assertThat(preempted).isGreaterThan(100);
  }

  /** Many answers that grow side by side end in pieces, and are brought together. */
  @ParameterizedTest
  @ValueSource(longs = {31, 32})
  void holdsItsPromisesWhileKvMoves(long seed) {
    Random random = new Random(seed);
    int moves = randomLife(random, 1_000, 40);
    assertThat(moves).isPositive();
  }

  private int randomLife(Random random, int steps, int shortest) {
    KvGeometry geometry =
        shortest > 0
            ? new KvGeometry(1, 500 + random.nextInt(500), 1, 10_000)
            : new KvGeometry(1 + random.nextInt(8), 4 + random.nextInt(60), 1, 10_000);
    int running = (shortest > 0 ? 16 : 1) + random.nextInt(12);
    int guests = random.nextInt(3);
    int stepTokens = running + guests + random.nextInt(30);
    long target = random.nextBoolean() ? Long.MAX_VALUE : 10;
    int stages = 2 + random.nextInt(3);
    Limits limits = new Limits(running, guests, stepTokens, target, 0.05, random.nextDouble());
    start(geometry, limits, stages, new Roofline(0, 1, 1e15, 1e9, 1));
    int moves = 0;
    for (int step = 0; step < steps; step++) {
      if (random.nextInt(100) < 40) {
        addAny(random, shortest);
      }
      if (random.nextInt(100) < 10 && !requests.isEmpty()) {
        cancel(requests.get(random.nextInt(requests.size())));
      }
      if (flying.size() < stages && (flying.isEmpty() || random.nextInt(4) > 0)) {
        if (!scheduler.idle() && begin()) {
          moves += flying.getLast().plan.moves();
          assertThat(flying.getLast().plan.tokens()).isLessThanOrEqualTo(stepTokens);
        }
      } else {
        end();
      }
      assertThat(scheduler.running()).isLessThanOrEqualTo(running + guests);
    }
    runToTheEnd();
    return moves;
  }

  private void addAny(Random random, int shortest) {
    int arena = Math.min(scheduler.geometry().tokens(), scheduler.geometry().maxContext());
    int total = shortest + 2 + random.nextInt(shortest > 0 ? 200 : arena - 1);
    int prompt = 1 + random.nextInt(total - 1 - shortest);
    int[] ids = random.ints(prompt, 0, VOCABULARY).toArray();
    if (!requests.isEmpty() && random.nextBoolean()) { // the same conversation, or its front
      TraceRequest before = requests.get(random.nextInt(requests.size()));
      int same = Math.min(prompt, before.known());
      System.arraycopy(before.all(), 0, ids, 0, random.nextInt(same + 1));
    }
    if (random.nextInt(10) == 0) {
      ids[0] = POISON;
    }
    int[] stops = random.ints(random.nextInt(3), 0, VOCABULARY).toArray();
    add(random.nextInt(flows.size()), ids, total - prompt, stops);
  }

  private void cancel(TraceRequest request) {
    if (scheduler.cancel(request.sequence)) {
      request.ends++;
      request.cancelled = true;
    }
  }
}
