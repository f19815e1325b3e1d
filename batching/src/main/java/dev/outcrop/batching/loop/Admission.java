package dev.outcrop.batching.loop;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.SubmitResult.Reason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request is let in, given how full the house is. A pure function of integers; what is
 * refused has cost nothing.
 */
sealed interface Admission {
  /** It is. */
  record Admitted() implements Admission {}

  /** It is not; the message is safe to show. */
  record Refused(Reason reason, String message, Duration retryAfter) implements Admission {}

  /**
   * What is in.
   *
   * @param waiting requests queued
   * @param waitingTokens their prompt tokens
   * @param tenantRequests requests of the tenant, queued and running
   * @param tenantTokens what they may come to
   * @param tenantPromptTokens their prompt tokens
   * @param tenants tenants that have requests in, with this one
   */
  record House(
      int waiting,
      long waitingTokens,
      int tenantRequests,
      long tenantTokens,
      long tenantPromptTokens,
      int tenants) {}

  /**
   * Decides.
   *
   * @param promptTokens tokens of the prompt
   * @param totalTokens with all it may generate
   * @param firstTokenWithin how long its client waits, null for as long as it takes
   */
  static Admission of(
      int promptTokens,
      int totalTokens,
      @Nullable Duration firstTokenWithin,
      House house,
      BatchingConfig config,
      DrainRate drainRate) {
    BatchingConfig.Sharing sharing = config.sharing();
    if (house.tenantRequests >= sharing.tenantRequests()
        || totalTokens > sharing.tenantTokens() - house.tenantTokens) {
      return new Refused(
          Reason.TENANT_QUOTA,
          "%d requests with up to %d tokens of this tenant are in already"
              .formatted(house.tenantRequests, house.tenantTokens),
          drainRate.timeFor(house.tenantPromptTokens));
    }
    boolean full =
        house.waiting >= config.maxWaiting()
            || house.waitingTokens + promptTokens > config.maxWaitingTokens();
    if (full && !hasRoomOfItsOwn(promptTokens, house, config)) {
      return new Refused(
          Reason.OVERLOADED,
          "%d requests with %d prompt tokens are queued already"
              .formatted(house.waiting, house.waitingTokens),
          drainRate.timeFor(house.waitingTokens));
    }
    if (firstTokenWithin != null) {
      // Tenants take turns: nobody waits for more than its own queue times their number.
      long fair = (house.tenantPromptTokens + promptTokens) * Math.max(1, house.tenants);
      Duration wait = drainRate.waitFor(Math.min(house.waitingTokens + promptTokens, fair));
      if (wait.compareTo(firstTokenWithin) > 0) {
        return new Refused(
            Reason.TOO_LATE,
            "the first token would come after about %d ms, later than the %d ms asked for"
                .formatted(wait.toMillis(), firstTokenWithin.toMillis()),
            DrainRate.retryAfter(wait.minus(firstTokenWithin)));
      }
    }
    return new Admitted();
  }

  /**
   * Whether the tenant has less in than its share of the queue, the same for all tenants. Then a
   * queue that others have filled does not keep it out; the queue grows to twice its size at most.
   */
  private static boolean hasRoomOfItsOwn(int promptTokens, House house, BatchingConfig config) {
    return house.waiting < 2L * config.maxWaiting()
        && house.waitingTokens + promptTokens <= 2L * config.maxWaitingTokens()
        && house.tenantRequests < config.maxWaiting() / house.tenants
        && house.tenantPromptTokens + promptTokens <= config.maxWaitingTokens() / house.tenants;
  }
}
