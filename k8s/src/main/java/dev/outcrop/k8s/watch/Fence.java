package dev.outcrop.k8s.watch;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Lets writes through while this process surely holds the Lease: until the renew deadline after its
 * last renewal was begun, whatever the elector knows or is about to learn. Asked before every
 * write. Safe for any thread.
 */
final class Fence {
  private final LongSupplier nanos;
  private final long deadline;
  private boolean holding;
  private boolean shut;
  private long heldUntil;

  /** A closed one. */
  Fence(LongSupplier nanos, Duration renewDeadline) {
    this.nanos = nanos;
    this.deadline = renewDeadline.toNanos();
  }

  /** The moment, for {@link #renewed}. */
  long now() {
    return nanos.getAsLong();
  }

  /** The Lease was taken or renewed, by a request begun at a moment. */
  synchronized void renewed(long begun) {
    holding = true;
    heldUntil = begun + deadline;
  }

  /** Somebody else has the Lease, or it is being given back. */
  synchronized void lost() {
    holding = false;
  }

  /** No write gets through from now on. */
  synchronized void shut() {
    shut = true;
  }

  /** Whether a write may begin now. */
  synchronized boolean open() {
    return holding && !shut && heldUntil - nanos.getAsLong() > 0;
  }
}
