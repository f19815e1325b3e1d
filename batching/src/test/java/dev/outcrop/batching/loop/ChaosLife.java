package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.RowWork;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * The life of one batcher among clients that do what they like. All of it happens on the engine
 * thread and on simulated time: while a step is under way, clients read, leave and come. So a seed
 * always gives the same life.
 */
final class ChaosLife {
  /** How a life ends. */
  enum Ending {
    /** The last client is served. */
    QUIET,
    /** So it is, and nobody new is let in. */
    DRAINED,
    /** The batcher is closed with clients in. */
    STOPPED,
    /** The engine says that it is dead. */
    DEAD,
    /** The engine throws. */
    BROKEN
  }

  /** Fewer than there may be waiting at the least: so somebody always stays. */
  private static final int LEAVING_AT_A_TIME = 128;

  /** Fewer than a tenant may have in. */
  private static final int KEEPERS_PER_TENANT = 5;

  private static final Roofline DEVICE = new Roofline(1_000_000, 2_000_000, 1e9, 1e10, 5_000);

  private final Random random;
  private final int target;
  private final Ending ending;
  private final ChaosTally tally;
  private final ChaosRequests requests;
  private final EngineBatcher batcher;
  private final List<ChaosClient> clients = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile long clock;
  private volatile boolean ends;
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;
  private int accepted;
  private int leaving;
  private int weather;
  private int weatherLasts;
  private int keepers;

  ChaosLife(long seed, int stages, int target, Ending ending, ChaosTally tally) {
    this.random = new Random(seed);
    this.target = target;
    this.ending = ending;
    this.tally = tally;
    int unitTokens = 1 + random.nextInt(8);
    int units = 24 + random.nextInt(130);
    int context = random.nextBoolean() ? 64 + random.nextInt(200) : 10_000;
    KvGeometry geometry = new KvGeometry(unitTokens, units, 1, context);
    this.requests = new ChaosRequests(random, geometry);
    BatchingConfig config = config(geometry);
    FakeEngine fake =
        new FakeEngine(geometry, DEVICE, this::nextToken, this::fault, this::act)
            .withForms(tokens -> tokens / 100);
    Engine engine =
        new ChaosEngine(
            stages == 1 ? fake : fake.inStages(stages, () -> clock),
            config.shapes().fixed(),
            this::closed);
    this.batcher =
        new EngineBatcher(
            "chaos",
            engine,
            config,
            () -> clock,
            Duration.ofHours(1),
            new RowWork(50, 1, 3, 0.1, 2));
  }

  private void closed() {
    closed = true;
    over.countDown();
  }

  private BatchingConfig config(KvGeometry geometry) {
    int maxRunning = 1 + random.nextInt(24);
    int longest = Math.min(geometry.tokens(), geometry.maxContext());
    return new BatchingConfig(
        maxRunning,
        maxRunning + random.nextInt(60),
        300 + random.nextInt(300),
        (LEAVING_AT_A_TIME + 100) * longest,
        16,
        new BatchingConfig.Sharing(
            random.nextInt(4),
            Duration.ofMillis(random.nextInt(20)),
            0.02,
            BatchingConfig.Prefixes.TENANT,
            random.nextDouble(),
            40 + random.nextInt(200),
            10 * longest),
        BatchingConfig.Objectives.DEFAULT,
        shapes(longest));
  }

  /** Every third engine was compiled for some shapes. */
  private CompiledShapes shapes(int longest) {
    int context = Math.max(Math.min(longest, 32), longest / (1 + random.nextInt(10)));
    return random.nextInt(3) > 0
        ? CompiledShapes.DEFAULT
        : new CompiledShapes(
            List.of(4, Math.min(32, context)), List.of(1, 4, 16), List.of(context / 2, context));
  }

  /** Lives it. */
  void run() throws InterruptedException {
    add(keeper()); // before the engine thread acts for the clients
    batcher.start();
    over.await();
    for (ChaosClient client : clients) {
      tally.ended(client.readAll());
    }
    clients.clear();
    if (failure != null) {
      throw new AssertionError("on the engine thread", failure);
    }
    if (ending == Ending.QUIET || ending == Ending.DRAINED) {
      assertThat(batcher.alive()).isTrue();
      assertBalanced();
    }
    batcher.close();
    assertThat(batcher.alive()).isFalse();
    assertThat(closed).as("the engine is closed, with no step in flight").isTrue();
    assertBalanced();
    tally.life(batcher.signals(), batcher.loop().scheduler().counts());
  }

  private void assertBalanced() {
    Scheduler scheduler = batcher.loop().scheduler();
    assertThat(scheduler.idle()).isTrue();
    assertThat(scheduler.counts().queuedTokens()).isZero();
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
    assertThat(scheduler.kv().referenced()).as("units that somebody holds").isZero();
    assertThat(scheduler.buffersHeld()).isZero();
    assertThat(batcher.loop().openStreams()).isZero();
    assertThat(batcher.signals().waiting()).isZero();
    assertThat(batcher.signals().running()).isZero();
    assertThat(batcher.signals().waitingPromptTokens()).isZero();
    assertThat(batcher.signals().kvUnitsReferenced()).isZero();
    assertThat(batcher.intake().balanced()).as("the door").isTrue();
    assertThat(batcher.tenants().named().values()).allMatch(Tenants.Tenant::balanced);
    // The clock stands still but for steps: nothing was lost or counted twice.
    assertThat(batcher.engineTimes().allNanos()).as("time that is somebody's").isEqualTo(clock);
  }

  private int nextToken(int[] history, int prompt, int length) {
    if (ends && ending == Ending.BROKEN) {
      throw new UnsatisfiedLinkError("no such kernel");
    }
    boolean poisoned = history[0] == ChaosClient.POISON && length > prompt;
    return poisoned ? StepResult.ROW_FAILED : Requests.NEXT.next(history, prompt, length);
  }

  private @Nullable ModelError fault(long step, StepPlan plan) {
    if (ends && ending == Ending.DEAD) {
      return ModelError.ENGINE_DEAD;
    }
    return random.nextInt(plan.rows() == 1 ? 20 : 200) == 0 ? ModelError.STEP_FAILED : null;
  }

  /** While a step runs. */
  private void act(long nanos) {
    long before = clock;
    clock = before + nanos;
    if (ends) {
      return;
    }
    try {
      read();
      leave();
      arrive();
    } catch (Throwable e) {
      failure = e;
      ends = true;
      batcher.intake().stop();
      over.countDown();
    }
  }

  private void read() throws InterruptedException {
    for (int i = clients.size() - 1; i >= 0; i--) {
      ChaosClient client = clients.get(i);
      if (random.nextInt(4) == 0 && client.read()) {
        gone(i);
      }
    }
  }

  private void gone(int index) {
    ChaosClient client = clients.get(index);
    tally.ended(client.end());
    leaving -= client.hasLeft() ? 1 : 0;
    ChaosClient last = clients.removeLast();
    if (index < clients.size()) {
      clients.set(index, last);
    }
  }

  private void leave() {
    if (clients.isEmpty()) {
      return;
    }
    if (random.nextInt(3) == 0) {
      leave(clients.get(random.nextInt(clients.size())));
    }
    if (random.nextInt(300) == 0) { // a whole tenant disconnects
      String tenant = clients.get(random.nextInt(clients.size())).tenant();
      clients.stream().filter(client -> client.tenant().equals(tenant)).forEach(this::leave);
    }
  }

  private void leave(ChaosClient client) {
    if (client.hasLeft()) {
      client.leave();
    } else if (leaving < LEAVING_AT_A_TIME) {
      leaving++;
      client.leave();
    }
  }

  private void arrive() {
    if (weatherLasts-- == 0) {
      weather = random.nextInt(4);
      weatherLasts = random.nextInt(200);
    }
    int arrivals =
        switch (weather) {
          case 0 -> 0;
          case 1 -> random.nextInt(2);
          default -> random.nextInt(2 * weather);
        };
    for (int i = 0; i < arrivals; i++) {
      add(requests.next());
    }
    if (random.nextInt(400) == 0) {
      flood();
    }
    add(keeper()); // the loop would wait for one for ever
    if (accepted >= target) {
      finish();
    }
  }

  private void flood() {
    String tenant = "flood-" + random.nextInt(3);
    int count = 50 + random.nextInt(500);
    for (int i = 0; i < count; i++) {
      add(requests.next(tenant));
    }
  }

  private GenerateRequest keeper() {
    Service service = Service.of("keeper-" + keepers++ / KEEPERS_PER_TENANT, 1);
    return new GenerateRequest(new int[] {1, 2, 3}, 2, Sampling.GREEDY, new int[0], service);
  }

  private void add(GenerateRequest request) {
    switch (batcher.submit(request)) {
      case SubmitResult.Accepted(var stream) -> {
        accepted++;
        clients.add(new ChaosClient(request, stream));
      }
      case SubmitResult.Rejected(Reason reason, _, _) -> tally.refused(reason);
    }
  }

  private void finish() {
    ends = true;
    switch (ending) {
      case QUIET, DEAD, BROKEN -> {}
      case DRAINED -> {
        batcher.drain();
        add(requests.next());
      }
      case STOPPED -> batcher.intake().stop();
    }
    over.countDown();
  }
}
