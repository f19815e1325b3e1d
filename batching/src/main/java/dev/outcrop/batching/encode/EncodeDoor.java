package dev.outcrop.batching.encode;

import dev.outcrop.batching.SubmitResult.Reason;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The door between the request threads and the batcher's thread: the commands under way, the life
 * cycle, and how full the queue is, under one lock, so that the bounds are exact.
 */
final class EncodeDoor {
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final long MOST_SECONDS = 60;

  /** What request threads ask of the batcher's thread. */
  sealed interface Command {
    /** Queue a text. */
    record Submit(EncodeItem item) implements Command {}

    /** Drop a text whose ticket was closed. */
    record Cancel(EncodeItem item) implements Command {}
  }

  private enum State {
    SERVING,
    DRAINING,
    STOPPED,
    DEAD
  }

  private final EncodeConfig config;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private ArrayDeque<Command> commands = new ArrayDeque<>();
  private State state = State.SERVING;
  private boolean shut;
  private int waiting;
  private long waitingTokens;
  private double nanosPerToken;

  EncodeDoor(EncodeConfig config) {
    this.config = config;
  }

  /** Any thread: takes a text or refuses it; what is refused has cost nothing. */
  EncodeSubmit submit(EncodeRequest request, EncodeShare share) {
    int length = request.tokens().length;
    int longest = config.lengths().getLast();
    if (length > longest) {
      return new EncodeSubmit.Refused(
          Reason.NEVER_FITS,
          "text of %d tokens exceeds the longest of %d".formatted(length, longest),
          Duration.ZERO);
    }
    lock.lock();
    try {
      EncodeSubmit.Refused refused = refusal(length, share);
      if (refused != null) {
        return refused;
      }
      waiting++;
      waitingTokens += length;
      share.requests++;
      EncodeItem item = new EncodeItem(request, share, this);
      commands.add(new Command.Submit(item));
      changed.signal();
      return new EncodeSubmit.Accepted(item.ticket);
    } finally {
      lock.unlock();
    }
  }

  private EncodeSubmit.@Nullable Refused refusal(int length, EncodeShare share) {
    return switch (state) {
      case DEAD ->
          new EncodeSubmit.Refused(Reason.UNAVAILABLE, "the encoder is not available", SOON);
      case DRAINING, STOPPED ->
          new EncodeSubmit.Refused(Reason.DRAINING, "the server is shutting down", SOON);
      case SERVING -> {
        if (share.requests >= config.tenantRequests()) {
          yield new EncodeSubmit.Refused(
              Reason.TENANT_QUOTA,
              "%d texts of this tenant are in already".formatted(share.requests),
              retryAfter());
        }
        if (waiting >= config.maxWaiting() || waitingTokens + length > config.maxWaitingTokens()) {
          yield new EncodeSubmit.Refused(
              Reason.OVERLOADED,
              "%d texts with %d tokens are queued already".formatted(waiting, waitingTokens),
              retryAfter());
        }
        yield null;
      }
    };
  }

  private Duration retryAfter() {
    double seconds = Math.ceil(waitingTokens * nanosPerToken / 1e9);
    return Duration.ofSeconds((long) Math.clamp(seconds, 1, MOST_SECONDS));
  }

  /** Any thread. */
  void cancel(EncodeItem item) {
    lock.lock();
    try {
      if (!shut) {
        commands.add(new Command.Cancel(item));
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: takes nothing new. */
  void drain() {
    lock.lock();
    try {
      state = state == State.SERVING ? State.DRAINING : state;
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: takes nothing new and ends what is there. */
  void stop() {
    lock.lock();
    try {
      state = state == State.DEAD ? state : State.STOPPED;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The batcher's thread: takes the commands under way, after waiting for one for this long at
   * most.
   *
   * @return null once the batcher was stopped
   */
  @Nullable ArrayDeque<Command> take(ArrayDeque<Command> spare, long waitNanos) {
    lock.lock();
    try {
      long left = waitNanos;
      while (left > 0 && commands.isEmpty() && state != State.STOPPED) {
        left = changed.awaitNanos(left);
      }
      if (state == State.STOPPED) {
        return null;
      }
      ArrayDeque<Command> taken = commands;
      commands = spare;
      return taken;
    } catch (InterruptedException _) {
      return null; // nobody interrupts this thread but the end of the process
    } finally {
      lock.unlock();
    }
  }

  /** The batcher's thread: a text is no longer queued. */
  void began(EncodeItem item) {
    lock.lock();
    try {
      waiting--;
      waitingTokens -= item.tokens.length;
    } finally {
      lock.unlock();
    }
  }

  /** The batcher's thread: how long tokens take, padding left out. */
  void pace(double nanosForEach) {
    lock.lock();
    try {
      nanosPerToken = nanosForEach;
    } finally {
      lock.unlock();
    }
  }

  /** The batcher's thread: answers a text, once. */
  void answer(EncodeItem item, EncodeAnswer answer) {
    if (item.ended) {
      return;
    }
    item.ended = true;
    lock.lock();
    try {
      item.share.requests--;
    } finally {
      lock.unlock();
    }
    item.ticket.answer(answer);
  }

  /** The batcher's thread: takes nothing any more. Answers the commands nobody will carry out. */
  ArrayDeque<Command> shut(boolean dead) {
    lock.lock();
    try {
      state = dead ? State.DEAD : State.STOPPED;
      shut = true;
      ArrayDeque<Command> rest = commands;
      commands = new ArrayDeque<>();
      return rest;
    } finally {
      lock.unlock();
    }
  }

  /** Whether texts may still come. */
  boolean dead() {
    lock.lock();
    try {
      return state == State.DEAD;
    } finally {
      lock.unlock();
    }
  }

  /** Texts let in that are not run yet. */
  int waiting() {
    lock.lock();
    try {
      return waiting;
    } finally {
      lock.unlock();
    }
  }
}
