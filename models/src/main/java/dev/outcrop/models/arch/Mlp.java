package dev.outcrop.models.arch;

/** The feed-forward part of a layer. */
public sealed interface Mlp permits Mlp.Gated, Mlp.Plain, Experts {
  /** Width of what lies between the projections. */
  int width();

  /** What the inner values pass. */
  Activation activation();

  /**
   * down(activation(gate(x)) * up(x)), arXiv 2002.05202.
   *
   * @param width rows of gate and up
   * @param activation of the gate
   * @param bias whether the three projections have one
   * @param fused whether the checkpoint stores gate and up as one tensor, gate_up_proj
   */
  record Gated(int width, Activation activation, boolean bias, boolean fused) implements Mlp {}

  /**
   * down(activation(up(x))), stored as c_proj and c_fc.
   *
   * @param width rows of up
   * @param activation of it
   * @param bias whether both projections have one
   */
  record Plain(int width, Activation activation, boolean bias) implements Mlp {}
}
