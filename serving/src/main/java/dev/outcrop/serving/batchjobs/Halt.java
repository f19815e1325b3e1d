package dev.outcrop.serving.batchjobs;

import dev.outcrop.serving.transport.ClientWatch;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Tells the threads of one job to end. Safe to use from any thread. */
final class Halt implements ClientWatch {
  /** Why. */
  enum Reason {
    /** A client asked for it. */
    STOPPED,
    /** Its time is over. */
    EXPIRED,
    /** The server ends; the job goes on after the next start. */
    CLOSED,
    /** A thread of it met something that no other can go on from. */
    FAILED
  }

  private final Clock clock;
  private final Instant expires;
  private final AtomicReference<@Nullable Reason> reason = new AtomicReference<>();
  private final CountDownLatch told = new CountDownLatch(1);

  Halt(Clock clock, Instant expires) {
    this.clock = clock;
    this.expires = expires;
  }

  /** Ends the job; the first reason stays, but the server's end comes before all others. */
  void now(Reason why) {
    if (why == Reason.CLOSED) {
      reason.set(why);
    } else {
      reason.compareAndSet(null, why);
    }
    told.countDown();
  }

  /** Why it is to end, or null where it is to go on. */
  @Nullable Reason reason() {
    if (reason.get() == null && !clock.instant().isBefore(expires)) {
      now(Reason.EXPIRED);
    }
    return reason.get();
  }

  /** Ends what the calling thread is at where the server ends; other reasons let it finish. */
  void checkOpen() throws InterruptedException {
    if (reason.get() == Reason.CLOSED) {
      throw new InterruptedException("the server ends");
    }
  }

  /** Waits, but not beyond a halt. */
  void pause(Duration time) throws InterruptedException {
    told.await(time.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public boolean gone() {
    return reason() != null;
  }
}
