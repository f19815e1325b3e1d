package dev.outcrop.batching.loop;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.EngineTimes;
import dev.outcrop.batching.Fit;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.Health;
import dev.outcrop.batching.RowWork;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.kv.UnitHashes;
import dev.outcrop.batching.schedule.Limits;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;

/** The callers' side of one engine loop; safe to call from any thread. */
final class EngineBatcher implements Batcher {
  private static final Logger LOG = System.getLogger(EngineBatcher.class.getName());

  /** How long a step may take to end after the batcher was closed. */
  private static final Duration END = Duration.ofSeconds(30);

  /** How often the watchdog looks. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final KvGeometry geometry;
  private final IntUnaryOperator ropeForm;
  private final BatchingConfig config;
  private final LongSupplier nanoClock;
  private final Intake intake;
  private final Tenants tenants = new Tenants();
  private final UnitHashes hashes = UnitHashes.random();
  private final Meter meter;
  private final Ledger ledger;
  private final EngineLoop loop;
  private final StepWatch watch;
  private final Thread thread;
  private final Thread watchdog;

  EngineBatcher(
      String name,
      Engine engine,
      BatchingConfig config,
      LongSupplier nanoClock,
      Duration unknownStep,
      RowWork work) {
    this.config = config;
    this.nanoClock = nanoClock;
    DrainRate drainRate = new DrainRate();
    this.intake = new Intake(config, drainRate, nanoClock);
    Scheduler scheduler = scheduler(engine, config);
    if (scheduler.steps() > 1 && config.speculation().drafts() != BatchingConfig.Drafts.NONE) {
      LOG.log(Level.WARNING, "{0} has several steps in flight: nothing is drafted", name);
    }
    this.geometry = scheduler.geometry();
    this.ropeForm = engine::ropeForm;
    this.watch = new StepWatch(name, nanoClock, unknownStep);
    this.meter = new Meter(scheduler, config, watch, engine.compiled(), nanoClock);
    this.ledger = new Ledger(work, nanoClock);
    this.loop =
        new EngineLoop(engine, scheduler, intake, drainRate, watch, meter, ledger, nanoClock);
    // Daemons: the end of the server ends the process, whatever the engine is busy with.
    this.thread = Thread.ofPlatform().name("engine-" + name).daemon(true).unstarted(loop);
    this.watchdog =
        Thread.ofPlatform().name("watchdog-" + name).daemon(true).unstarted(this::watch);
  }

  /** An engine that was compiled knows its shapes; another one may be held to some. */
  private static Scheduler scheduler(Engine engine, BatchingConfig config) {
    CompiledShapes shapes = engine.shapes().fixed() ? engine.shapes() : config.shapes();
    return shapes.fixed()
        ? Scheduler.inShapes(engine.geometry(), limits(config), shapes)
        : new Scheduler(engine.geometry(), limits(config), engine.stages());
  }

  private static Limits limits(BatchingConfig config) {
    BatchingConfig.Sharing sharing = config.sharing();
    int rows = config.maxRunning() + sharing.guests();
    int drafts =
        switch (config.speculation().drafts()) {
          case NONE -> 0;
          case NGRAM -> config.speculation().maxTokens();
        };
    return new Limits(
        config.maxRunning(),
        sharing.guests(),
        Math.max(config.maxStepTokens(), rows),
        sharing.tokenInterval().toNanos(),
        sharing.flexFloor(),
        sharing.cacheShare(),
        drafts);
  }

  void start() {
    thread.start();
    watchdog.start();
  }

  /** Looks even where no probe does, so that a stuck step is in the log. */
  private void watch() {
    try {
      while (!thread.join(LOOK)) {
        health();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Fit fit(GenerateRequest request) {
    return Fit.of(request, geometry, config);
  }

  @Override
  public SubmitResult submit(GenerateRequest request) {
    return switch (fit(request)) {
      case Fit.Never(var reason, var message) ->
          new SubmitResult.Rejected(reason, message, Duration.ZERO);
      case Fit.Fits(int maxTokens) -> submit(request, maxTokens);
    };
  }

  private SubmitResult submit(GenerateRequest request, int maxTokens) {
    Service service = request.service();
    Tenants.Tenant tenant = tenants.of(service);
    int prompt = request.prompt().length;
    Duration within = service.firstTokenWithin();
    long now = nanoClock.getAsLong();
    SubmitResult.Rejected refused = intake.admit(tenant, prompt, prompt + maxTokens, within);
    if (refused != null) {
      return refused;
    }
    int form = ropeForm.applyAsInt(prompt + maxTokens);
    Sequence sequence =
        new Sequence(
            tenant.flow(service.tier()),
            request.prompt(),
            maxTokens,
            request.sampling(),
            request.stopTokens(),
            within == null ? Sequence.NEVER : now + within.toNanos(),
            new Sequence.PrefixKey(hashes, scope(service, form), geometry.unitTokens(), form));
    RequestStream stream = new RequestStream(sequence, tenant, intake, now);
    if (!intake.send(new Command.Submit(sequence, stream, service.weight()))) {
      stream.end(EngineLoop.closed());
    }
    return new SubmitResult.Accepted(stream);
  }

  /** Keys whose positions have different forms do not fit together. */
  private long scope(Service service, int ropeForm) {
    String owner =
        switch (config.sharing().prefixes()) {
          case TENANT -> "of " + service.prefixScope();
          case ALL -> "all";
        };
    return hashes.scope(ropeForm == 0 ? owner : ropeForm + " " + owner);
  }

  @Override
  public Signals signals() {
    return meter.signals(lastProgress());
  }

  @Override
  public EngineTimes engineTimes() {
    return ledger.times(tenants);
  }

  private long lastProgress() {
    long now = nanoClock.getAsLong();
    return intake.busy() ? now - Math.min(now - watch.progress(), now - intake.busySince()) : now;
  }

  /** What the door counts, for tests. */
  Intake intake() {
    return intake;
  }

  /** Whoever was ever in, for tests. */
  Tenants tenants() {
    return tenants;
  }

  /** The engine thread's side, for tests, which look while nothing is in. */
  EngineLoop loop() {
    return loop;
  }

  @Override
  public Health health() {
    if (intake.state() instanceof LoopState.Dead(var error)) {
      return new Health.Dead(error.code().name());
    }
    return thread.isAlive() ? watch.health(this::lastProgress) : new Health.Dead("closed");
  }

  @Override
  public void drain() {
    intake.drain();
  }

  @Override
  public void close() {
    intake.stop();
    try {
      if (!thread.join(END)) {
        // The engine thread is a daemon: the process can end without it. Nothing of the engine is
        // freed under its feet.
        LOG.log(Level.WARNING, "the engine is still in a step after {0}; it is left behind", END);
      }
    } catch (InterruptedException _) {
      // The loop ends at the next step boundary all the same; only the wait for it is given up.
      Thread.currentThread().interrupt();
    }
  }
}
