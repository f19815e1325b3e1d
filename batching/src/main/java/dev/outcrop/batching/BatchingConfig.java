package dev.outcrop.batching;

import dev.outcrop.models.engine.CompiledShapes;
import java.time.Duration;

/**
 * The limits of one batcher.
 *
 * @param maxRunning the most sequences in a step, at most 1000000
 * @param maxStepTokens the most tokens in a step, prefill chunks and decodes together
 * @param maxWaiting the most requests queued, at least 1: every request passes through the queue;
 *     tenants that have less than their share get in beyond, up to twice as many
 * @param maxWaitingTokens the most prompt tokens queued, in the same way; a longer prompt is never
 *     taken
 * @param defaultMaxTokens completion limit of a request that names none, clamped to what fits
 * @param sharing how tenants share
 * @param objectives what clients are promised
 * @param shapes shapes to hold an engine to that runs any, {@link CompiledShapes#DEFAULT} for none;
 *     one that was compiled brings its own
 * @param speculation whether tokens are guessed, and how many
 */
public record BatchingConfig(
    int maxRunning,
    int maxStepTokens,
    int maxWaiting,
    int maxWaitingTokens,
    int defaultMaxTokens,
    Sharing sharing,
    Objectives objectives,
    CompiledShapes shapes,
    Speculation speculation) {
  /** What a CPU host does well with. */
  public static final BatchingConfig DEFAULT = new BatchingConfig(64, 512, 1_024, 1_048_576, 2_048);

  /** Checks the limits. */
  public BatchingConfig {
    Check.that(maxRunning >= 1, "maxRunning must be at least 1");
    Check.that(maxRunning <= 1_000_000, "maxRunning must be at most 1000000");
    Check.that(maxStepTokens >= maxRunning, "maxStepTokens must be at least maxRunning");
    Check.that(maxWaiting >= 1, "maxWaiting must be at least 1");
    Check.that(maxWaitingTokens >= 1, "maxWaitingTokens must be at least 1");
    Check.that(defaultMaxTokens >= 1, "defaultMaxTokens must be at least 1");
  }

  /** Limits with everything else at its default, for an engine that runs any shape. */
  public BatchingConfig(
      int maxRunning,
      int maxStepTokens,
      int maxWaiting,
      int maxWaitingTokens,
      int defaultMaxTokens) {
    this(
        maxRunning,
        maxStepTokens,
        maxWaiting,
        maxWaitingTokens,
        defaultMaxTokens,
        Sharing.DEFAULT,
        Objectives.DEFAULT,
        CompiledShapes.DEFAULT);
  }

  /** Limits with {@link Speculation#DEFAULT}. */
  public BatchingConfig(
      int maxRunning,
      int maxStepTokens,
      int maxWaiting,
      int maxWaitingTokens,
      int defaultMaxTokens,
      Sharing sharing,
      Objectives objectives,
      CompiledShapes shapes) {
    this(
        maxRunning,
        maxStepTokens,
        maxWaiting,
        maxWaitingTokens,
        defaultMaxTokens,
        sharing,
        objectives,
        shapes,
        Speculation.DEFAULT);
  }

  /** The same limits with another way to guess. */
  public BatchingConfig with(Speculation other) {
    return new BatchingConfig(
        maxRunning,
        maxStepTokens,
        maxWaiting,
        maxWaitingTokens,
        defaultMaxTokens,
        sharing,
        objectives,
        shapes,
        other);
  }

  /**
   * How tenants share one model.
   *
   * @param guests sequences beyond maxRunning, at most 1000000, each for a tenant that has none
   *     running, so that one tenant's load does not keep the others out
   * @param tokenInterval the time between two tokens that prompts of others may not push a stream
   *     beyond, where the decodes alone leave room for it
   * @param flexFloor the share of tokens that the flex tier gets while it waits
   * @param prefixes who finds the KV of a prompt that begins like an earlier one
   * @param cacheShare the share of the KV cache that one tenant may keep for reuse
   * @param tenantRequests the most requests that one tenant may have in, queued and running
   * @param tenantTokens the most tokens that these may come to, prompts and completions
   */
  public record Sharing(
      int guests,
      Duration tokenInterval,
      double flexFloor,
      Prefixes prefixes,
      double cacheShare,
      int tenantRequests,
      int tenantTokens) {
    /** No quota below the whole queue; half of the cache for one tenant. */
    public static final Sharing DEFAULT =
        new Sharing(8, Duration.ofMillis(100), 0.02, Prefixes.TENANT, 0.5, 1 << 20, 1_000_000_000);

    /** Checks the limits. */
    public Sharing {
      Check.that(guests >= 0, "guests must not be negative");
      Check.that(guests <= 1_000_000, "guests must be at most 1000000");
      Check.that(!tokenInterval.isNegative(), "tokenInterval must not be negative");
      Check.that(flexFloor >= 0 && flexFloor <= 1, "flexFloor must be from 0 to 1");
      Check.that(cacheShare >= 0 && cacheShare <= 1, "cacheShare must be from 0 to 1");
      Check.that(tenantRequests >= 1, "tenantRequests must be at least 1");
      Check.that(tenantTokens >= 1, "tenantTokens must be at least 1");
    }
  }

  /** Who finds the KV of a prompt that begins like an earlier one. */
  public enum Prefixes {
    /** The tenant whose prompt that was. */
    TENANT,
    /**
     * Everybody. How soon an answer begins then tells a tenant whether another one's prompt began
     * in the same way.
     */
    ALL
  }

  /**
   * What clients are promised, for signals only: nobody is refused because of it. The time between
   * two tokens is the one that {@link Sharing#tokenInterval} keeps.
   *
   * @param firstToken the time to the first token
   * @param budget the share of requests that may miss a target
   * @param window how far back requests count
   * @param maxReplicas the most replicas to ask for
   */
  public record Objectives(Duration firstToken, double budget, Duration window, int maxReplicas) {
    /** Two seconds for 99 of 100 requests. */
    public static final Objectives DEFAULT =
        new Objectives(Duration.ofSeconds(2), 0.01, Duration.ofMinutes(5), 16);

    /** Checks the values. */
    public Objectives {
      Check.that(firstToken.isPositive(), "firstToken must be longer than 0");
      Check.that(budget > 0 && budget <= 1, "budget must be above 0 and at most 1");
      Check.that(window.toMillis() >= 1_000, "window must be at least 1s");
      Check.that(maxReplicas >= 0, "maxReplicas must not be negative");
    }
  }

  /**
   * Speculative decoding: guesses of the next tokens run in one step with the token before them,
   * and those that the model chooses just so count. What is chosen is the same without them, up to
   * the last bits of logits, which depend on the shape of a step in any case. Engines of compiled
   * shapes never guess.
   *
   * @param drafts where guesses come from
   * @param maxTokens the most guesses for a sequence in a step
   */
  public record Speculation(Drafts drafts, int maxTokens) {
    /** The most guesses that may be asked for. */
    public static final int MOST_TOKENS = 64;

    /** What a configuration has that does not name any. */
    public static final Speculation DEFAULT = new Speculation(Drafts.NONE, 16);

    /** Checks the number. */
    public Speculation {
      Check.that(maxTokens >= 1, "maxTokens must be at least 1");
      Check.that(maxTokens <= MOST_TOKENS, "maxTokens must be at most " + MOST_TOKENS);
    }
  }

  /** Where guesses of the next tokens come from. */
  public enum Drafts {
    /** Nothing is guessed. */
    NONE,
    /**
     * The sequence's own tokens: it may go on as it did where its last tokens stood before. Adapts
     * to how often that is right and to what it costs.
     */
    NGRAM
  }

  /** Not a method of the outer record: its constants need those of the inner ones first. */
  private static final class Check {
    static void that(boolean ok, String message) {
      if (!ok) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
