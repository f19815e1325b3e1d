package dev.outcrop.batching.schedule;

/**
 * Fills a step with decodes and prompt tokens: with all that its mix allows where one step is in
 * flight, and with its part where there are several, so that all stages of the engine have work.
 * Part of a {@link Scheduler} and its thread.
 */
final class StepShares {
  /** Prompt tokens below which steps only become more, and each reads all weights. */
  private static final int LEAST_TOKENS = 256;

  private final StepsInFlight inFlight;
  private final StepMix mix;
  private final Prompts prompts;
  private final SchedulerCounts counts;
  private final Sequences decoding;
  private final int maxStepTokens;
  private int nextDecode;

  StepShares(
      StepsInFlight inFlight,
      StepMix mix,
      Prompts prompts,
      SchedulerCounts counts,
      Sequences decoding,
      int maxStepTokens) {
    this.inFlight = inFlight;
    this.mix = mix;
    this.prompts = prompts;
    this.counts = counts;
    this.decoding = decoding;
    this.maxStepTokens = maxStepTokens;
  }

  /** The next token of those that decode. */
  void addDecodes(StepRows rows) {
    if (inFlight.most() == 1) {
      rows.addDecodes(decoding);
    } else {
      nextDecode = rows.addDecodes(decoding, part(decoding.size()), nextDecode);
    }
  }

  /** Pieces of prompts. */
  void addPrompts(StepRows rows) {
    int decodes = rows.decodeRows();
    int given = maxStepTokens - decodes;
    if (inFlight.most() == 1) {
      given = Math.min(given, mix.promptTokens(decodes));
    } else {
      // A step without decodes of its own is slow for those in the others.
      int slowed = decodes > 0 ? decodes : inFlight.mostDecodeRows();
      given = Math.min(Math.min(given, wanted()), mix.promptTokens(slowed));
    }
    prompts.add(rows, given, decodes + mix.promptRows());
  }

  private int wanted() {
    long left = counts.promptTokensLeft() - inFlight.promptTokens();
    return Math.max(LEAST_TOKENS, part((int) Math.min(Integer.MAX_VALUE, left)));
  }

  /** What a step takes of so many, rounded up. */
  int part(int of) {
    return Math.ceilDiv(of, inFlight.most());
  }
}
