package dev.outcrop.k8s.policy;

import dev.outcrop.k8s.Scaling;
import java.time.Duration;
import java.util.Optional;

/**
 * What the policy made of one reading.
 *
 * @param scaling the conclusion, as Kubernetes is told it
 * @param reason why it is so many
 * @param needs what each figure asked for
 * @param unreachable set where no number of replicas meets the budget for a first token
 */
public record Decision(
    Scaling scaling, Reason reason, Needs needs, Optional<Unreachable> unreachable) {

  /** Why it is so many replicas. */
  public sealed interface Reason {
    /**
     * It is what a figure asks for.
     *
     * @param figure the figure
     */
    record Needed(Needs.Figure figure) implements Reason {}

    /**
     * Figures ask for another number, and something keeps it from being that one, now or at all.
     *
     * @param by what
     * @param needed what they ask for
     */
    record Held(Hold by, int needed) implements Reason {}
  }

  /** What keeps the number from following the figures. */
  public enum Hold {
    /** Too many pods were silent for the reading to count. */
    STALE,
    /** Prompts wait and nobody knows yet how fast they run. */
    UNKNOWN_RATE,
    /** A pod was silent: what it has is not known, so nothing is removed. */
    SILENT,
    /** A replica is still coming, so nothing is removed. */
    PENDING,
    /** Pods were not read for a whole window yet, so nothing is removed. */
    NO_HISTORY,
    /** Within the window as many were needed. */
    WINDOW,
    /** So many at once are not added or removed. */
    STEP,
    /** It would be fewer than the least or more than the most, or none while requests are in. */
    BOUNDS
  }

  /**
   * A prompt alone takes as long as the budget for a first token, or longer: replicas would be
   * added for it in vain.
   *
   * @param promptTokens tokens of the prompt
   * @param takes what they take on a replica that does nothing else
   * @param budget the budget
   */
  public record Unreachable(long promptTokens, Duration takes, Duration budget) {}
}
