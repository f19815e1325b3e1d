package dev.outcrop.models.torch;

import dev.outcrop.models.arch.Experts;
import dev.outcrop.models.weights.StoredTensor;
import org.jspecify.annotations.Nullable;

/** Gives a decoder program the experts of one layer after the other. */
final class ExpertWeights {
  private static final int GROUP = 32; // neighbours that share an exponent in MXFP4

  private final WeightSource source;
  private final long hidden;
  private final Experts experts;

  ExpertWeights(WeightSource source, long hidden, Experts experts) {
    this.source = source;
    this.hidden = hidden;
    this.experts = experts;
  }

  /**
   * Loads a layer's router, experts and shared expert.
   *
   * @param layer what names begin with, up to a dot
   */
  void load(String layer) {
    source.run("begin_experts");
    String mlp = layer + "mlp.";
    switch (experts.storage()) {
      case MIXTRAL -> {
        String block = layer + "block_sparse_moe.";
        router(block + "gate.weight", null);
        single(block + "experts.", "w1", "w3", "w2");
      }
      case QWEN -> {
        router(mlp + "gate.weight", null);
        single(mlp + "experts.", "gate_proj", "up_proj", "down_proj");
      }
      case DEEPSEEK -> {
        StoredTensor router = source.require(mlp + "gate.weight", experts.count(), hidden);
        StoredTensor correction =
            source.require(mlp + "gate.e_score_correction_bias", experts.count());
        source.load("load_floats", "router", source.whole(router));
        source.load("load_floats", "router_bias", source.whole(correction));
        single(mlp + "experts.", "gate_proj", "up_proj", "down_proj");
      }
      case STACKED -> {
        router(mlp + "router.weight", mlp + "router.bias");
        stacked(mlp + "experts.");
        biases(mlp + "experts.");
      }
      case MXFP4 -> {
        router(mlp + "router.weight", mlp + "router.bias");
        packed(mlp + "experts.");
        biases(mlp + "experts.");
      }
    }
    shared(mlp);
  }

  private void router(String weight, @Nullable String bias) {
    source.vector("router", source.require(weight, experts.count(), hidden));
    if (bias != null && experts.bias()) {
      source.vector("router_bias", source.require(bias, experts.count()));
    }
  }

  private void single(String name, String gate, String up, String down) {
    long width = experts.width();
    for (int e = 0; e < experts.count(); e++) {
      String expert = name + e + ".";
      source.expert("gate", source.require(expert + gate + ".weight", width, hidden));
      source.expert("up", source.require(expert + up + ".weight", width, hidden));
      source.expert("down", source.require(expert + down + ".weight", hidden, width));
    }
  }

  private void stacked(String name) {
    long width = experts.width();
    StoredTensor gateUp = source.require(name + "gate_up_proj", experts.count(), hidden, 2 * width);
    StoredTensor down = source.require(name + "down_proj", experts.count(), width, hidden);
    for (int e = 0; e < experts.count(); e++) {
      source.load("load_stacked", "gate_up", source.rows(gateUp, e, 1));
      source.load("load_stacked", "down", source.rows(down, e, 1));
    }
  }

  private void packed(String name) {
    packed("gate_up", name + "gate_up_proj", 2L * experts.width(), hidden);
    packed("down", name + "down_proj", hidden, experts.width());
  }

  private void packed(String kind, String name, long rows, long columns) {
    long groups = columns / GROUP;
    long half = GROUP / 2;
    StoredTensor blocks =
        source.requireBytes(name + "_blocks", experts.count(), rows, groups, half);
    StoredTensor scales = source.requireBytes(name + "_scales", experts.count(), rows, groups);
    for (int e = 0; e < experts.count(); e++) {
      source.load("load_packed", kind, source.rows(blocks, e, 1), source.rows(scales, e, 1));
    }
  }

  private void biases(String name) {
    if (!experts.bias()) {
      return;
    }
    long width = experts.width();
    StoredTensor gateUp = source.require(name + "gate_up_proj_bias", experts.count(), 2 * width);
    StoredTensor down = source.require(name + "down_proj_bias", experts.count(), hidden);
    source.load("load_expert_biases", "gate_up", source.whole(gateUp));
    source.load("load_expert_biases", "down", source.whole(down));
  }

  private void shared(String mlp) {
    Experts.Shared shared = experts.shared();
    if (shared == null) {
      source.run("no_mlp");
      return;
    }
    String name = mlp + (shared.weighed() ? "shared_expert." : "shared_experts.");
    source.linear("gate", source.require(name + "gate_proj.weight", shared.width(), hidden));
    source.linear("up", source.require(name + "up_proj.weight", shared.width(), hidden));
    source.linear("down", source.require(name + "down_proj.weight", hidden, shared.width()));
    if (shared.weighed()) {
      source.vector("shared_weight", source.require(mlp + "shared_expert_gate.weight", 1, hidden));
    }
  }
}
