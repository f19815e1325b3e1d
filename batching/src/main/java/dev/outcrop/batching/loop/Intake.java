package dev.outcrop.batching.loop;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.SubmitResult.Rejected;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.models.OutcropException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The door between the request threads and the engine thread: the commands under way, the life
 * cycle, and how full the queue is. All three change under one lock, held for a few instructions,
 * so that the queue's bounds are exact and no request slips in behind the last command.
 */
final class Intake {
  private static final Duration ANOTHER_REPLICA_SOON = Duration.ofSeconds(1);

  private final BatchingConfig config;
  private final DrainRate drainRate;
  private final LongSupplier nanoClock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private ArrayDeque<Command> commands = new ArrayDeque<>();
  private volatile LoopState state = new LoopState.Serving();
  private boolean shut;
  private int underway;
  private long underwayTokens;
  private int held;
  private long heldTokens;
  private int running;
  private int tenantsIn;
  private volatile long busySince;
  private volatile boolean busy;

  Intake(BatchingConfig config, DrainRate drainRate, LongSupplier nanoClock) {
    this.config = config;
    this.drainRate = drainRate;
    this.nanoClock = nanoClock;
  }

  /**
   * Any thread: lets a request in, or refuses it, before anything is allocated for it. Who is let
   * in has to {@link #send} its sequence.
   *
   * @return null where it is in
   */
  @Nullable Rejected admit(
      Tenants.Tenant tenant, int prompt, int total, @Nullable Duration firstTokenWithin) {
    lock.lock();
    try {
      return switch (state) {
        case LoopState.Dead _ ->
            new Rejected(Reason.UNAVAILABLE, "the engine is not available", ANOTHER_REPLICA_SOON);
        case LoopState.Draining _, LoopState.Stopped _ ->
            new Rejected(Reason.DRAINING, "the server is shutting down", ANOTHER_REPLICA_SOON);
        case LoopState.Serving _ ->
            switch (Admission.of(
                prompt, total, firstTokenWithin, house(tenant), config, drainRate)) {
              case Admission.Admitted() -> {
                enter(tenant, prompt, total);
                yield null;
              }
              case Admission.Refused(var reason, var message, var retryAfter) ->
                  new Rejected(reason, message, retryAfter);
            };
      };
    } finally {
      lock.unlock();
    }
  }

  private Admission.House house(Tenants.Tenant tenant) {
    return new Admission.House(
        held + underway,
        heldTokens + underwayTokens,
        tenant.requests,
        tenant.tokens,
        tenant.promptTokens,
        tenantsIn + (tenant.requests == 0 ? 1 : 0));
  }

  private void enter(Tenants.Tenant tenant, int prompt, int total) {
    if (!busy) {
      busySince = nanoClock.getAsLong();
    }
    underway++;
    busy = true;
    underwayTokens += prompt;
    tenantsIn += tenant.requests == 0 ? 1 : 0;
    tenant.requests++;
    tenant.tokens += total;
    tenant.promptTokens += prompt;
  }

  /** Any thread: a request that was let in has its last event. */
  void left(Tenants.Tenant tenant, int prompt, int total) {
    lock.lock();
    try {
      tenant.requests--;
      tenant.tokens -= total;
      tenant.promptTokens -= prompt;
      tenantsIn -= tenant.requests == 0 ? 1 : 0;
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: the sequence of a request that was let in; false where the loop ended since. */
  boolean send(Command.Submit submit) {
    lock.lock();
    try {
      if (shut) {
        return false;
      }
      commands.add(submit);
      changed.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: the reader of the sequence is gone. */
  void cancel(Sequence sequence) {
    lock.lock();
    try {
      tell(new Command.Cancel(sequence));
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: takes nothing new. */
  void drain() {
    lock.lock();
    try {
      state = state.drain();
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: takes nothing new and ends what is there. */
  void stop() {
    lock.lock();
    try {
      state = state.stop();
      tell(new Command.Stop());
    } finally {
      lock.unlock();
    }
  }

  private void tell(Command command) {
    if (!shut) {
      commands.add(command);
      changed.signal();
    }
  }

  /**
   * Engine thread: takes the commands under way.
   *
   * @param spare an empty queue to go on with; the caller gets the full one in its place
   * @param wait whether to wait for a command, because there is nothing else to do
   */
  ArrayDeque<Command> take(ArrayDeque<Command> spare, boolean wait) {
    lock.lock();
    try {
      while (wait && commands.isEmpty()) {
        changed.awaitUninterruptibly();
      }
      ArrayDeque<Command> taken = commands;
      commands = spare;
      for (Command command : taken) {
        if (command instanceof Command.Submit submit) {
          int prompt = submit.sequence().promptTokens();
          underway--;
          underwayTokens -= prompt;
          held++;
          heldTokens += prompt;
        }
      }
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Engine thread: what the scheduler holds now. */
  void holds(int nowWaiting, long nowWaitingTokens, int nowRunning) {
    lock.lock();
    try {
      held = nowWaiting;
      heldTokens = nowWaitingTokens;
      running = nowRunning;
      noteBusy();
    } finally {
      lock.unlock();
    }
  }

  /** Engine thread: takes nothing any more. Answers the commands nobody will carry out. */
  List<Command> shut(@Nullable OutcropException fault) {
    lock.lock();
    try {
      state = fault == null ? state.stop() : state.die(fault);
      shut = true;
      underway = 0;
      underwayTokens = 0;
      held = 0;
      heldTokens = 0;
      running = 0;
      noteBusy();
      List<Command> rest = List.copyOf(commands);
      commands.clear();
      return rest;
    } finally {
      lock.unlock();
    }
  }

  private void noteBusy() {
    busy = underway > 0 || held > 0 || running > 0;
  }

  /** Any thread, without the lock: whether any request is in. */
  boolean busy() {
    return busy;
  }

  /** Whether every count of what is in says nothing. */
  boolean balanced() {
    lock.lock();
    try {
      return underway == 0
          && underwayTokens == 0
          && held == 0
          && heldTokens == 0
          && running == 0
          && tenantsIn == 0
          && !busy
          && commands.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Any thread, without the lock: when the first request came in after the last idle time. */
  long busySince() {
    return busySince;
  }

  /** Any thread, without the lock: where the loop is in its life. */
  LoopState state() {
    return state;
  }
}
