package dev.outcrop.models.arch;

import org.jspecify.annotations.Nullable;

/**
 * Grouped-query attention (arXiv 2305.13245), the same in all layers but for what {@link Layer}
 * says.
 *
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim dimensions of a head, even; {@code heads * headDim} may differ from hiddenSize
 * @param rotaryDim how many of these rotate, the first ones; even
 * @param scale factor of the scores
 * @param softCap c of scores c * tanh(score / c); null for none
 * @param bias whether q, k and v projections have a bias
 * @param outputBias whether the output projection has one
 * @param qkNorm what q and k pass before the rotation
 * @param fused whether the checkpoint stores q, k and v as one tensor, qkv_proj
 * @param sinks whether every head has a score of its own in the softmax, with nothing to add for it
 * @param latent what q, k and v are made from where that is narrower than they are; null for what
 *     the layer's norm gives
 */
public record Attention(
    int heads,
    int kvHeads,
    int headDim,
    int rotaryDim,
    double scale,
    @Nullable Double softCap,
    boolean bias,
    boolean outputBias,
    QkNorm qkNorm,
    boolean fused,
    boolean sinks,
    @Nullable Latent latent) {

  /** The RMS norm of queries and keys. */
  public enum QkNorm {
    /** There is none. */
    NONE,
    /** Over each head, with weights that all heads share. */
    HEAD,
    /** Over all heads at once. */
    WIDTH
  }

  /**
   * Multi-head latent attention (arXiv 2405.04434): queries come from one narrow vector of the
   * token; keys and values from another one and from rotated dimensions that all heads share.
   *
   * @param queryRank width of what queries come from; null where that is not narrower
   * @param rank width of what keys and values come from
   * @param valueDim dimensions of a value head, at most headDim
   * @param interleaved whether the checkpoint stores dimensions that rotate together as neighbours
   */
  public record Latent(@Nullable Integer queryRank, int rank, int valueDim, boolean interleaved) {}

  /** As Llama has it: full rotation, scores by the root of the dimensions, no bias. */
  public static Attention plain(int heads, int kvHeads, int headDim) {
    double scale = 1 / Math.sqrt(headDim);
    return new Attention(
        heads,
        kvHeads,
        headDim,
        headDim,
        scale,
        null,
        false,
        false,
        QkNorm.NONE,
        false,
        false,
        null);
  }

  /** The same with or without biases. */
  public Attention withBias(boolean ofInputs, boolean ofOutput) {
    Draft draft = new Draft(this);
    draft.bias = ofInputs;
    draft.outputBias = ofOutput;
    return draft.attention();
  }

  /** The same with another norm of q and k. */
  public Attention withQkNorm(QkNorm other) {
    Draft draft = new Draft(this);
    draft.qkNorm = other;
    return draft.attention();
  }

  /** The same with other scores. */
  public Attention withScores(double factor, @Nullable Double cap) {
    Draft draft = new Draft(this);
    draft.scale = factor;
    draft.softCap = cap;
    return draft.attention();
  }

  /** The same with fewer or more dimensions that rotate. */
  public Attention withRotaryDim(int dimensions) {
    Draft draft = new Draft(this);
    draft.rotaryDim = dimensions;
    return draft.attention();
  }

  /** The same, stored as one tensor. */
  public Attention withFusedWeights() {
    Draft draft = new Draft(this);
    draft.fused = true;
    return draft.attention();
  }

  /** The same with or without sinks. */
  public Attention withSinks(boolean ofHeads) {
    Draft draft = new Draft(this);
    draft.sinks = ofHeads;
    return draft.attention();
  }

  /** The same from latents. */
  public Attention withLatent(Latent latents) {
    Draft draft = new Draft(this);
    draft.latent = latents;
    return draft.attention();
  }

  /** What may differ in a copy. */
  private static final class Draft {
    private final Attention from;
    private int rotaryDim;
    private double scale;
    private @Nullable Double softCap;
    private boolean bias;
    private boolean outputBias;
    private QkNorm qkNorm;
    private boolean fused;
    private boolean sinks;
    private @Nullable Latent latent;

    Draft(Attention from) {
      this.from = from;
      rotaryDim = from.rotaryDim;
      scale = from.scale;
      softCap = from.softCap;
      bias = from.bias;
      outputBias = from.outputBias;
      qkNorm = from.qkNorm;
      fused = from.fused;
      sinks = from.sinks;
      latent = from.latent;
    }

    Attention attention() {
      return new Attention(
          from.heads,
          from.kvHeads,
          from.headDim,
          rotaryDim,
          scale,
          softCap,
          bias,
          outputBias,
          qkNorm,
          fused,
          sinks,
          latent);
    }
  }

  /** Whether the scale is the usual one, which kernels know by themselves. */
  public boolean usualScale() {
    return scale == 1 / Math.sqrt(headDim);
  }

  /** How many of the ranks that share a model's heads have the same KV head. */
  public int kvCopies(int ranks) {
    return Math.max(1, ranks / kvHeads);
  }
}
