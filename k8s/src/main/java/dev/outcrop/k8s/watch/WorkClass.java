package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.PodSignals;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How much would be lost, or have to be waited for, if a pod were deleted now. */
enum WorkClass {
  /** Nothing is in it; it goes first. */
  IDLE(null),
  /** Requests are in it. */
  BUSY("100"),
  /** Requests hold half of its KV or more, or some wait; it goes last. */
  FULL("200");

  private static final double HALF = 0.5;

  private final @Nullable String cost;

  WorkClass(@Nullable String cost) {
    this.cost = cost;
  }

  /** The deletion cost; null, which counts as 0, for none. */
  @Nullable String cost() {
    return cost;
  }

  /** The class that a pod is marked with; idle where it has no mark, or one of another version. */
  static WorkClass marked(@Nullable String cost) {
    return Arrays.stream(values())
        .filter(work -> Objects.equals(work.cost, cost))
        .findFirst()
        .orElse(IDLE);
  }

  static WorkClass of(PodSignals signals) {
    if (signals.waiting() > 0 || signals.kvUse() >= HALF) {
      return FULL;
    }
    return signals.running() > 0 || signals.waitingPromptTokens() > 0 ? BUSY : IDLE;
  }
}
