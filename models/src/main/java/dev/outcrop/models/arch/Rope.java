package dev.outcrop.models.arch;

/**
 * How rotary position embeddings get their frequencies. The inverse frequency of pair {@code i} of
 * a head of {@code d} dimensions is {@code theta^(-2i/d)}, changed as the record says.
 */
public sealed interface Rope {
  /** The base of the frequencies. */
  double theta();

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
}
