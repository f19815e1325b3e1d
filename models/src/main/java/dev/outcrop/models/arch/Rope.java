package dev.outcrop.models.arch;

import java.util.List;

/**
 * How rotary position embeddings get their frequencies. The inverse frequency of pair {@code i} of
 * {@code d} dimensions that rotate is {@code theta^(-2i/d)}, changed as the record says.
 */
public sealed interface Rope {
  /** The base of the frequencies. */
  double theta();

  /** What sines and cosines are multiplied by. */
  default double attentionFactor() {
    return 1;
  }

  /**
   * Which of its forms the embedding takes for a sequence that may come to so many tokens in all.
   * Fixed when a sequence is admitted, since keys in different forms cannot be mixed; two sequences
   * share KV only where it is the same. 0 is the form of sequences as long as those of pretraining.
   */
  default int form(@SuppressWarnings("unused") int tokens) {
    return 0;
  }

  /** Whether there is any other form than 0. */
  default boolean hasForms() {
    return false;
  }

  /** As RoFormer has it (arXiv 2104.09864). */
  record Default(double theta) implements Rope {}

  /**
   * Positions divided by a factor (arXiv 2306.15595).
   *
   * @param theta the base of the frequencies
   * @param factor the divisor
   */
  record Linear(double theta, double factor) implements Rope {}

  /**
   * "NTK-aware": a base that grows with the sequence, once that is longer than those of
   * pretraining. The form is then the length.
   *
   * @param theta the base of the frequencies
   * @param factor how many times longer sequences may get
   * @param originalContext the context length of pretraining, in tokens
   */
  record Dynamic(double theta, double factor, int originalContext) implements Rope {
    @Override
    public int form(int tokens) {
      return tokens > originalContext ? tokens : 0;
    }

    @Override
    public boolean hasForms() {
      return true;
    }
  }

  /**
   * Llama 3.1: long waves are divided by the factor, short ones kept, those between interpolated.
   *
   * @param theta the base of the frequencies
   * @param factor the divisor of long waves
   * @param lowFrequencyFactor waves longer than originalContext / lowFrequencyFactor are long
   * @param highFrequencyFactor waves shorter than originalContext / highFrequencyFactor are short
   * @param originalContext the context length of pretraining, in tokens
   */
  record Llama3(
      double theta,
      double factor,
      double lowFrequencyFactor,
      double highFrequencyFactor,
      int originalContext)
      implements Rope {}

  /**
   * YaRN (arXiv 2309.00071): pairs below {@code low} keep their frequency, those above {@code high}
   * get it divided by the factor, a ramp lies between.
   *
   * @param theta the base of the frequencies
   * @param factor the divisor of long waves
   * @param attentionFactor what sines and cosines are multiplied by
   * @param low where the ramp begins, in pairs
   * @param high where it ends
   */
  record Yarn(double theta, double factor, double attentionFactor, double low, double high)
      implements Rope {}

  /**
   * LongRoPE (arXiv 2402.13753): every pair has a divisor of its own, one for short sequences (form
   * 0) and one for long ones (form 1).
   *
   * @param theta the base of the frequencies
   * @param shortFactors the divisors of sequences as long as those of pretraining
   * @param longFactors those of longer ones
   * @param attentionFactor what sines and cosines are multiplied by
   * @param originalContext the context length of pretraining, in tokens
   */
  record PerPair(
      double theta,
      List<Double> shortFactors,
      List<Double> longFactors,
      double attentionFactor,
      int originalContext)
      implements Rope {
    /** Copies the lists. */
    public PerPair {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }

    @Override
    public int form(int tokens) {
      return tokens > originalContext ? 1 : 0;
    }

    @Override
    public boolean hasForms() {
      return true;
    }
  }
}
