package dev.outcrop.k8s.simulation;

/**
 * The machine and the model of a replica. A step takes what moving its bytes or doing its
 * arithmetic takes, whichever is more, and a fixed time. After Williams, Waterman and Patterson,
 * "Roofline" (2009). The arithmetic of attention is left out.
 *
 * @param weightBytes bytes of weights, read by every step
 * @param flopsPerToken about twice the parameters
 * @param kvBytesPerToken bytes of KV of one token
 * @param bytesPerSecond memory bandwidth
 * @param flopsPerSecond arithmetic speed
 * @param overheadSeconds fixed time of a step
 * @param kvTokens tokens of KV that fit
 * @param maxRunning the most requests with KV
 * @param maxStepTokens the most tokens of a step
 * @param tokenInterval seconds between two tokens that prompts may not push a step beyond
 */
public record Device(
    double weightBytes,
    double flopsPerToken,
    double kvBytesPerToken,
    double bytesPerSecond,
    double flopsPerSecond,
    double overheadSeconds,
    int kvTokens,
    int maxRunning,
    int maxStepTokens,
    double tokenInterval) {
  /** Prompts always get a sixth of a step, as the scheduler has it. */
  private static final double HEADROOM = 1.2;

  private static final int LEAST_CHUNK = 32;

  /** 70 billion parameters in bfloat16 on eight L40S: 7,200 prompt tokens a second. */
  public static final Device LARGE =
      new Device(140e9, 140e9, 327_680, 4.8e12, 1.008e15, 0.003, 600_000, 256, 2_048, 0.1);

  /** Prompt tokens that a second of full steps runs. */
  public double prefillTokensPerSecond() {
    return maxStepTokens / stepSeconds(maxStepTokens, 0);
  }

  /**
   * Seconds of one step.
   *
   * @param tokens tokens run
   * @param contextTokens tokens of KV read
   */
  double stepSeconds(int tokens, double contextTokens) {
    double memory = (weightBytes + contextTokens * kvBytesPerToken) / bytesPerSecond;
    return overheadSeconds + Math.max(memory, tokens * flopsPerToken / flopsPerSecond);
  }

  /** How many prompt tokens may join so many decodes. */
  int promptTokens(int decodes, double contextTokens) {
    if (decodes == 0) {
      return maxStepTokens;
    }
    double limit = Math.max(tokenInterval, HEADROOM * stepSeconds(decodes, contextTokens));
    double fit = (limit - overheadSeconds) * flopsPerSecond / flopsPerToken - decodes;
    return (int) Math.clamp(fit, LEAST_CHUNK, Math.max(LEAST_CHUNK, maxStepTokens - decodes));
  }

  /** Decodes of a context that a step runs within the token interval. */
  double knee(double context) {
    double bytes = (tokenInterval - overheadSeconds) * bytesPerSecond - weightBytes;
    return Math.min(maxRunning, bytes / (Math.max(1, context) * kvBytesPerToken));
  }
}
