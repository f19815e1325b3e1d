package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drives the scheduler with random requests, cancels and failures and checks what must hold. */
class SchedulerPropertyTest {
  private static final int POISON = TraceRequest.POISON;

  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private final List<TraceRequest> requests = new ArrayList<>();
  private final Map<Sequence, TraceRequest> bySequence = new HashMap<>();
  private Random random;
  private KvGeometry geometry;
  private final List<Flow> flows = new ArrayList<>();
  private int maxRunning;
  private int guests;
  private int maxStepTokens;
  private Scheduler scheduler;
  private FakeEngine engine;
  private @Nullable CompiledShapes shapes;
  private long padded;
  private long ran;
  private int shortestAnswer;
  private int moves;
  private int draftTokens;

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26})
  void holdsItsPromisesUnderRandomLoad(long seed) {
    random = new Random(seed);
    geometry = new KvGeometry(1 + random.nextInt(8), 4 + random.nextInt(60), 1, 10_000);
    maxRunning = 1 + random.nextInt(12);
    run(1_500);
  }

  /**
   * Many answers that grow by a few tokens side by side end in pieces, and are brought together.
   */
  @ParameterizedTest
  @ValueSource(longs = {31, 32})
  void holdsItsPromisesWhileKvMoves(long seed) {
    random = new Random(seed);
    geometry = new KvGeometry(1, 500 + random.nextInt(500), 1, 10_000);
    maxRunning = 8 + random.nextInt(24);
    shortestAnswer = 40;
    run(1_000);
    assertThat(moves).isPositive();
  }

  @ParameterizedTest
  @ValueSource(longs = {41, 42, 43, 44, 45, 46, 47, 48})
  void holdsItsPromisesInCompiledShapes(long seed) {
    random = new Random(seed);
    geometry = new KvGeometry(1 + random.nextInt(8), 64 + random.nextInt(200), 1, 10_000);
    maxRunning = 1 + random.nextInt(12);
    shapes = new CompiledShapes(sizes(24), sizes(10), sizes(60));
    draftTokens = 8;
    run(1_500);
  }

  /** Ten thousand short ones, and what share of what they compute only fills shapes. */
  @Test
  void fitsACompiledShapeInEachStepOfManyTraces() {
    long padding = 0;
    long wanted = 0;
    for (int seed = 0; seed < 10_000; seed++) {
      random = new Random(seed);
      geometry = new KvGeometry(1 + random.nextInt(8), 64 + random.nextInt(200), 1, 10_000);
      maxRunning = 1 + random.nextInt(12);
      shapes = new CompiledShapes(longer(1, 23), sizes(10), longer(24, 40));
      requests.clear();
      bySequence.clear();
      padded = 0;
      ran = 0;
      run(15);
      assertThat(scheduler.counts().paddingTokens()).isEqualTo(padded);
      padding += padded;
      wanted += ran;
    }
    double share = (double) padding / (padding + wanted);
    System.out.printf(Locale.ROOT, "padding: %.0f %% of all tokens computed%n", 100 * share);
    assertThat(share).isBetween(0.1, 0.8);
  }

  @ParameterizedTest
  @ValueSource(longs = {51, 52, 53, 54, 55, 56, 57, 58, 59, 60})
  void holdsItsPromisesWithDrafts(long seed) {
    random = new Random(seed);
    geometry = new KvGeometry(1 + random.nextInt(8), 20 + random.nextInt(120), 1, 10_000);
    maxRunning = 1 + random.nextInt(12);
    draftTokens = 1 + random.nextInt(20);
    run(1_500);
    assertThat(scheduler.counts().drafted()).isPositive();
  }

  /** Two thousand short ones: more beginnings, ends and full arenas than a long one has. */
  @Test
  void holdsItsPromisesInManyShortRunsWithDrafts() {
    long accepted = 0;
    long preempted = 0;
    for (int seed = 0; seed < 2_000; seed++) {
      random = new Random(seed);
      geometry = new KvGeometry(1 + random.nextInt(8), 4 + random.nextInt(80), 1, 10_000);
      maxRunning = 1 + random.nextInt(6);
      draftTokens = 1 + random.nextInt(20);
      requests.clear();
      bySequence.clear();
      run(20);
      accepted += scheduler.counts().accepted();
      preempted += scheduler.counts().preemptions();
    }
    assertThat(accepted).isGreaterThan(10_000);
    assertThat(preempted).isGreaterThan(100);
  }

  private List<Integer> sizes(int most) {
    return random.ints(1 + random.nextInt(4), 1, most).sorted().distinct().boxed().toList();
  }

  private List<Integer> longer(int by, int most) {
    return sizes(most).stream().map(size -> by + size).toList();
  }

  private void run(int steps) {
    guests = random.nextInt(3);
    maxStepTokens = maxRunning + guests + random.nextInt(30);
    long target = random.nextBoolean() ? Long.MAX_VALUE : 10;
    Limits limits =
        new Limits(maxRunning, guests, maxStepTokens, target, 0.05, random.nextDouble())
            .drafting(draftTokens);
    scheduler =
        shapes == null
            ? new Scheduler(geometry, limits)
            : Scheduler.inShapes(geometry, limits, shapes);
    flows.clear();
    for (int tenant = 0; tenant < 4; tenant++) {
      for (Tier tier : Tier.values()) {
        flows.add(new Flow(tenant, tier, 1 + tenant % 2));
      }
    }
    engine =
        new FakeEngine(
            geometry,
            Roofline.INSTANT,
            (history, prompt, length) ->
                history[0] == POISON && length > prompt
                    ? StepResult.ROW_FAILED
                    : TraceRequest.NEXT.next(history, prompt, length),
            FakeEngine.StepFault.NONE,
            nanos -> {});
    for (int step = 0; step < steps; step++) {
      if (random.nextInt(100) < (draftTokens > 0 ? 15 : 40)) {
        add();
      }
      if (random.nextInt(100) < 10 && !requests.isEmpty()) {
        cancel(requests.get(random.nextInt(requests.size())));
      }
      step();
    }
    // Twice: a sequence that had to go runs its tokens again, and then stays.
    long stepsLeft = 100;
    for (TraceRequest request : requests) {
      stepsLeft += request.ends > 0 ? 0 : 3L * (request.prompt.length + request.maxTokens);
    }
    while (!scheduler.idle()) {
      assertThat(stepsLeft--).as("every step brings something: nobody starves").isPositive();
      step();
    }

    for (TraceRequest request : requests) {
      assertThat(request.ends).as("every request ends exactly once").isEqualTo(1);
      request.check();
    }
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
    assertThat(scheduler.prompts()).isZero();
    assertThat(scheduler.counts().queuedTokens()).isZero();
    assertThat(scheduler.buffersHeld()).isZero();
    assertThat(scheduler.counts().accepted()).isLessThanOrEqualTo(scheduler.counts().drafted());
  }

  private void add() {
    int arena = Math.min(scheduler.geometry().tokens(), scheduler.geometry().maxContext());
    int total = shortestAnswer + 2 + random.nextInt(shortestAnswer > 0 ? 200 : arena - 1);
    int prompt = 1 + random.nextInt(total - 1 - shortestAnswer);
    int[] ids = TraceRequest.prompt(random, prompt, requests);
    int[] stops = TraceRequest.stops(random);
    TraceRequest request =
        new TraceRequest(
            flows.get(random.nextInt(flows.size())),
            ids,
            total - prompt,
            stops,
            scheduler.geometry().unitTokens());
    requests.add(request);
    bySequence.put(request.sequence, request);
    scheduler.add(request.sequence);
  }

  private void cancel(TraceRequest request) {
    if (scheduler.cancel(request.sequence)) {
      request.ends++;
      request.cancelled = true;
    }
  }

  private void step() {
    boolean idle = scheduler.idle();
    scheduler.plan(plan);
    assertThat(plan.rows() == 0).as("a step has rows unless idle").isEqualTo(idle);
    if (idle) {
      return;
    }
    checkPlan();
    moves += plan.moves();
    StepResult result = engine.submit(plan).await();
    scheduler.apply((StepResult.Sampled) result, 1, outcome);
    for (int i = 0; i < outcome.entries(); i++) {
      bySequence.get(outcome.sequence(i)).take(outcome, i);
    }
  }

  private void checkPlan() {
    assertThat(plan.rows()).isLessThanOrEqualTo(maxRunning + guests);
    if (shapes == null) {
      assertThat(plan.tokens()).isLessThanOrEqualTo(maxStepTokens);
    } else {
      checkShape(shapes);
    }
    assertThat(scheduler.running()).isLessThanOrEqualTo(maxRunning + guests);
    checkDrafts();
    BitSet read = new BitSet();
    BitSet written = new BitSet();
    for (int row = 0; row < plan.rows(); row++) {
      int covered = 0;
      for (int s = 0; s < plan.segments(row); s++) {
        int slot = plan.segmentSlot(row, s);
        int length = plan.segmentLength(row, s);
        assertThat(slot % geometry.unitTokens()).isZero();
        int old = Math.clamp(plan.position(row) - covered, 0, length);
        assertThat(written.get(slot, slot + length).isEmpty()).as("nobody else writes it").isTrue();
        assertThat(read.get(slot + old, slot + length).isEmpty())
            .as("nobody else reads what a row writes")
            .isTrue();
        read.set(slot, slot + old);
        written.set(slot + old, slot + length);
        covered += length;
      }
      assertThat(covered)
          .as("segments cover the positions exactly")
          .isEqualTo(plan.position(row) + plan.tokens(row));
    }
    read.or(written);
    assertThat(scheduler.kv().referenced())
        .isLessThanOrEqualTo(geometry.units())
        .isGreaterThanOrEqualTo(
            Math.ceilDiv(read.cardinality(), scheduler.geometry().unitTokens()));
  }

  private void checkDrafts() {
    for (int row = 0; row < plan.rows(); row++) {
      int drafts = plan.drafts(row);
      boolean decode = plan.historyLength(row) - drafts > plan.historyPrompt(row);
      assertThat(drafts).isLessThanOrEqualTo(decode ? draftTokens : 0);
    }
    assertThat(shapes == null || plan.drafts() == 0).isTrue();
  }

  private void checkShape(CompiledShapes compiled) {
    padded += (long) plan.shapeRows() * plan.shapeTokens() - plan.tokens();
    ran += plan.tokens();
    assertThat(IntStream.range(0, plan.rows()).map(row -> plan.segmentSlot(row, 0)))
        .as("slots of their own")
        .doesNotHaveDuplicates();
    assertThat(compiled.contexts()).contains(plan.shapeContext());
    int decodes = 0;
    int longest = 0;
    for (int row = 0; row < plan.rows(); row++) {
      boolean decode = plan.historyLength(row) > plan.historyPrompt(row);
      decodes += decode && plan.tokens(row) == 1 ? 1 : 0;
      longest = Math.max(longest, plan.position(row) + plan.tokens(row));
      assertThat(plan.segments(row)).as("a slot is in one piece").isEqualTo(1);
      assertThat(plan.segmentSlot(row, 0) % scheduler.geometry().unitTokens()).isZero();
    }
    assertThat(longest).isLessThanOrEqualTo(plan.shapeContext());
    if (plan.shapeTokens() == 1 && decodes > 0) {
      assertThat(decodes).as("decodes alone").isEqualTo(plan.rows());
      assertThat(compiled.decodeRows()).contains(plan.shapeRows());
      assertThat(plan.rows()).isLessThanOrEqualTo(plan.shapeRows());
    } else {
      assertThat(plan.rows()).as("one prompt alone").isEqualTo(1);
      assertThat(plan.shapeRows()).isEqualTo(1);
      assertThat(compiled.prefillTokens()).contains(plan.shapeTokens());
      assertThat(plan.tokens()).isLessThanOrEqualTo(plan.shapeTokens());
    }
  }
}
