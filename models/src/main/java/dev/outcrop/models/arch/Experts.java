package dev.outcrop.models.arch;

import org.jspecify.annotations.Nullable;

/**
 * A mixture of experts (arXiv 2401.04088): a router gives every token a few of many small MLPs,
 * whose results are weighed by the softmax of the router's scores and added up.
 *
 * @param count how many experts there are
 * @param perToken how many of them a token chooses
 * @param width rows of gate and up of each
 * @param activation of the gate
 * @param normalised whether the weights of the chosen ones add up to 1; else they are their share
 *     of the softmax over all
 * @param limit where gate and up are cut off in GPT-OSS's own form of the gate; null for the usual
 *     form
 * @param bias whether router and experts have biases
 * @param groups how sigmoids of scores choose, in place of a softmax; null for a softmax
 * @param shared an MLP that all tokens pass as well; null for none
 * @param storage how the checkpoint stores them
 */
public record Experts(
    int count,
    int perToken,
    int width,
    Activation activation,
    boolean normalised,
    @Nullable Double limit,
    boolean bias,
    @Nullable Groups groups,
    @Nullable Shared shared,
    Storage storage)
    implements Mlp {

  /** How a checkpoint stores experts. */
  public enum Storage {
    /** block_sparse_moe.experts.0.w1, w3 and w2: gate, up and down. */
    MIXTRAL,
    /** mlp.experts.0.gate_proj, up_proj and down_proj. */
    QWEN,
    /** The same, with a correction of the choice and shared_experts. */
    DEEPSEEK,
    /** All in one tensor, transposed, rows of gate and up in turns. */
    STACKED,
    /** The same in four bits, 32 neighbours with one exponent (OCP MX, MXFP4). */
    MXFP4
  }

  /**
   * Experts are chosen by the sigmoids of their scores and a correction that the checkpoint has for
   * each, within the groups whose best two come to the most (arXiv 2412.19437). Weights are the
   * sigmoids alone.
   *
   * @param count of groups, neighbours each
   * @param chosen how many of them a token chooses experts from
   * @param scale factor of the weights
   */
  public record Groups(int count, int chosen, double scale) {}

  /**
   * The MLP of all tokens.
   *
   * @param width rows of gate and up
   * @param weighed whether its result is multiplied by the sigmoid of a score of the token
   */
  public record Shared(int width, boolean weighed) {}
}
