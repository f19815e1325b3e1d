package dev.outcrop.bench.scenario;

import java.time.Duration;

/** What requests are like: their lengths in tokens, and what of a prompt was there before. */
public sealed interface Shape {
  /**
   * A length that is drawn evenly.
   *
   * @param mean the middle
   * @param range how far from it, as a share: 0.2 is from 0.8 to 1.2 times the mean
   */
  record Even(int mean, double range) {}

  /**
   * A length that is drawn from a log-normal distribution.
   *
   * @param median half of all are shorter
   * @param sigma standard deviation of the logarithm
   * @param most longer ones are cut
   */
  record LogNormalLength(double median, double sigma, int most) {}

  /** Unique prompts of random words. */
  record Random(Even input, Even output) implements Shape {}

  /** Unique prompts whose lengths have a heavy tail. */
  record LogNormal(LogNormalLength input, LogNormalLength output) implements Shape {
    /** ShareGPT's means as vLLM's paper tells them; no conversation of it is bundled. */
    private static final double SHAREGPT_INPUT = 161;

    private static final double SHAREGPT_OUTPUT = 338;

    /** Ours: the paper tells no spread. */
    private static final double INPUT_SIGMA = 1.3;

    private static final double OUTPUT_SIGMA = 0.9;

    /** Lengths like those of ShareGPT's conversations. */
    static LogNormal conversation(int mostInput, int mostOutput) {
      return new LogNormal(
          withMean(SHAREGPT_INPUT, INPUT_SIGMA, mostInput),
          withMean(SHAREGPT_OUTPUT, OUTPUT_SIGMA, mostOutput));
    }

    private static LogNormalLength withMean(double mean, double sigma, int most) {
      return new LogNormalLength(mean * Math.exp(-sigma * sigma / 2), sigma, most);
    }
  }

  /**
   * Prompts that begin alike: the prefix cache is the subject.
   *
   * @param prefix tokens of a beginning
   * @param prefixes how many beginnings there are
   * @param input unique tokens after it
   */
  record SharedPrefix(int prefix, int prefixes, Even input, Even output) implements Shape {}

  /**
   * Conversations: each turn sends all that was said before. The prefix cache is the subject.
   *
   * @param system tokens of the instructions that all conversations begin with, 0 for none
   * @param least fewest turns
   * @param most most turns
   * @param input new tokens of a turn
   * @param output tokens of an answer
   * @param think time from an answer to the next turn
   */
  record MultiTurn(int system, int least, int most, Even input, Even output, Duration think)
      implements Shape {}

  /**
   * Requests that offer tools, the same to all.
   *
   * @param tools how many
   */
  record Tools(int tools, Even input, Even output) implements Shape {}

  /**
   * Questions on documents: instructions that all share, then documents from a pool, then a
   * question of its own.
   *
   * @param system tokens of the instructions
   * @param pool documents that there are
   * @param documents documents of a request
   * @param documentTokens tokens of each
   */
  record Rag(int system, int pool, int documents, int documentTokens, Even input, Even output)
      implements Shape {}

  /** The lengths of the trace that is replayed. */
  record Recorded() implements Shape {}

  /** Whether prompts of this shape share a beginning on purpose. */
  default boolean sharesPrefixes() {
    return switch (this) {
      case Random _, LogNormal _, Recorded _ -> false;
      case SharedPrefix _, MultiTurn _, Tools _, Rag _ -> true;
    };
  }
}
