package dev.outcrop.batching.schedule;

import dev.outcrop.models.engine.StepPlan;

/** What a scheduler has and has done, counted as it goes. Read on its thread. */
public final class SchedulerCounts {
  private long queuedTokens;
  private long prefillingTokens;
  private long promptTokensRun;
  private long tokensGenerated;
  private long lookedUpTokens;
  private long cachedTokens;
  private long preemptions;
  private long drafted;
  private long accepted;
  private long paddingTokens;

  SchedulerCounts() {}

  void queued(Sequence sequence) {
    queuedTokens += sequence.behind();
  }

  void unqueued(Sequence sequence) {
    queuedTokens -= sequence.behind();
  }

  void prefills(int tokens) {
    prefillingTokens += tokens;
  }

  void ran(int promptTokens) {
    prefillingTokens -= promptTokens;
    promptTokensRun += promptTokens;
  }

  void generated() {
    tokensGenerated++;
  }

  void lookedUp(Sequence sequence) {
    lookedUpTokens += sequence.promptTokens;
    cachedTokens += sequence.cachedTokens();
  }

  void preempted() {
    preemptions++;
  }

  void tried(int drafts, int right) {
    drafted += drafts;
    accepted += right;
  }

  /** A step is computed in a compiled shape, where it has one. */
  void shaped(StepPlan plan) {
    if (plan.shapeRows() > 0) {
      paddingTokens += (long) plan.shapeRows() * plan.shapeTokens() - plan.tokens();
    }
  }

  /** Tokens to run before the waiting sequences can generate. */
  public long queuedTokens() {
    return queuedTokens;
  }

  /** The same of all sequences, running ones included. */
  public long promptTokensLeft() {
    return queuedTokens + prefillingTokens;
  }

  /** Prompt tokens run since the start, recomputed ones included. */
  public long promptTokensRun() {
    return promptTokensRun;
  }

  /** Tokens generated since the start. */
  public long tokensGenerated() {
    return tokensGenerated;
  }

  /** Prompt tokens of the sequences that started, each once. */
  public long lookedUpTokens() {
    return lookedUpTokens;
  }

  /** Of these, tokens that were found in the cache. */
  public long cachedTokens() {
    return cachedTokens;
  }

  /** How often a sequence had to go back to the queue. */
  public long preemptions() {
    return preemptions;
  }

  /** Tokens drafted since the start. */
  public long drafted() {
    return drafted;
  }

  /** Of these, tokens that were generated just so. */
  public long accepted() {
    return accepted;
  }

  /** Tokens that steps had only to fill compiled shapes, since the start. */
  public long paddingTokens() {
    return paddingTokens;
  }
}
