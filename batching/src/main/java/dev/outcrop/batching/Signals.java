package dev.outcrop.batching;

import dev.outcrop.models.engine.CompiledFacts;
import org.jspecify.annotations.Nullable;

/**
 * What autoscaling, metrics and probes want to know about one batcher, read without locks.
 *
 * @param waiting requests queued
 * @param running requests with KV
 * @param waitingPrompts requests with prompt tokens not yet run, queued and running ones together
 * @param waitingPromptTokens prompt tokens not yet run, queued and running requests together
 * @param kvUnitsReferenced KV units that running requests hold
 * @param kvUnitsCached KV units kept for reuse only
 * @param kvUnits KV units in all
 * @param kvUnitTokens tokens of a KV unit
 * @param steps steps run since start
 * @param promptTokens prompt tokens run since start
 * @param completionTokens tokens generated since start
 * @param lastProgressNanos {@link System#nanoTime} when the last step ended or the batcher last had
 *     no work
 * @param reuse what was found in the cache and what was thrown out
 * @param pace how fast it is and how much of it is needed
 * @param burn how well it keeps its targets
 * @param drafts what was guessed of tokens to come
 * @param paddingTokens tokens that steps computed only to fill the shapes that an engine was
 *     compiled for, since start
 * @param compiled what is known of an engine that was compiled ahead of time; null for others
 */
public record Signals(
    int waiting,
    int running,
    int waitingPrompts,
    long waitingPromptTokens,
    int kvUnitsReferenced,
    int kvUnitsCached,
    int kvUnits,
    int kvUnitTokens,
    long steps,
    long promptTokens,
    long completionTokens,
    long lastProgressNanos,
    Reuse reuse,
    Pace pace,
    Burn burn,
    Drafts drafts,
    long paddingTokens,
    @Nullable CompiledFacts compiled) {
  /**
   * KV that was used again, or lost.
   *
   * @param hitTokens prompt tokens found in the prefix cache since start; each request counts once,
   *     when it first starts
   * @param missedTokens prompt tokens of the same requests that were not
   * @param preemptions how often a request lost its KV to another and had to start again
   */
  public record Reuse(long hitTokens, long missedTokens, long preemptions) {
    /** Nothing yet. */
    public static final Reuse NONE = new Reuse(0, 0, 0);
  }

  /**
   * Guesses of tokens to come.
   *
   * @param drafted tokens that were guessed since start
   * @param accepted of these, tokens that the model chose just so; they are part of the tokens
   *     generated
   */
  public record Drafts(long drafted, long accepted) {
    /** Nothing yet. */
    public static final Drafts NONE = new Drafts(0, 0);
  }

  /**
   * What was learned from measured steps, and what follows for the work that is in.
   *
   * @param prefillTokensPerSecond prompt tokens that a second of steps runs; 0 where not known yet
   * @param decodeTokensPerSecond tokens that a second of decodes generates, in batches of the size
   *     that ran last; 0 where not known yet
   * @param load how many replicas like this one the work that is in needs, for it to keep the
   *     targets; loads of replicas may be added up
   * @param desiredReplicas the same as a whole number, 0 where nothing is in, at most what the
   *     configuration allows
   * @param knee running requests up to which the token interval is kept, prompts of others beside
   *     them included; at most those that may run, 0 where not known yet or no interval is set
   */
  public record Pace(
      double prefillTokensPerSecond,
      double decodeTokensPerSecond,
      double load,
      int desiredReplicas,
      int knee) {
    /** Nothing known, nothing in. */
    public static final Pace NONE = new Pace(0, 0, 0, 0, 0);
  }

  /**
   * The share of requests in the window that missed a target, over the share that may: above 1 the
   * error budget shrinks faster than it may.
   *
   * @param firstToken of the time to the first token
   * @param tokenInterval of the mean time between tokens
   */
  public record Burn(double firstToken, double tokenInterval) {
    /** No request missed. */
    public static final Burn NONE = new Burn(0, 0);
  }
}
