package dev.outcrop.models.torch;

import dev.outcrop.models.arch.Attention;
import dev.outcrop.models.arch.Attention.QkNorm;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Experts;
import dev.outcrop.models.arch.Layer;
import dev.outcrop.models.arch.Mlp;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Gives a decoder program its weights: straight from safetensors files, which libtorch maps, or at
 * random.
 */
final class DecoderWeights {
  private final DecoderConfig config;
  private final Stage stage;

  private DecoderWeights(DecoderConfig config, Stage stage) {
    this.config = config;
    this.stage = stage;
  }

  /**
   * Loads a checkpoint. Missing and misshapen tensors are errors that name file and tensor.
   *
   * @return names of tensors that this architecture has no use for
   */
  static List<String> load(WeightSource source, DecoderConfig config) {
    return load(source, config, Stage.whole(config));
  }

  /** Loads what a stage needs of a checkpoint; what other stages need is not used by this one. */
  static List<String> load(WeightSource source, DecoderConfig config, Stage stage) {
    return new DecoderWeights(config, stage).load(source);
  }

  /** The shapes that a stage's linear layers will have, by the same errors; reads nothing. */
  static List<WeightShape> shapes(Checkpoint checkpoint, DecoderConfig config, Stage stage) {
    WeightSource source = new WeightSource(null, checkpoint, config.packed());
    load(source, config, stage);
    return source.shapes();
  }

  private List<String> load(WeightSource source) {
    source.map();
    for (int l = stage.from(); l < stage.to(); l++) {
      String layer = "model.layers." + l + ".";
      norms(source, layer);
      Attention.Latent latent = config.attention().latent();
      if (latent == null) {
        attention(source, layer + "self_attn.");
      } else {
        latent(source, layer + "self_attn.", latent);
      }
      switch (config.layers().get(l).mlp()) {
        case Mlp.Gated mlp -> gated(source, layer + "mlp.", mlp);
        case Mlp.Plain mlp -> plain(source, layer + "mlp.", mlp);
        case Experts mlp -> new ExpertWeights(source, config.hiddenSize(), mlp).load(layer);
      }
    }
    long hidden = config.hiddenSize();
    long vocabulary = config.vocabularySize();
    StoredTensor embedding = source.require("model.embed_tokens.weight", vocabulary, hidden);
    if (stage.last()) {
      norm(source, "final_norm", "model.norm");
      source.linear(
          "head",
          config.tiedEmbeddings() || source.headless()
              ? embedding
              : source.require("lm_head.weight", vocabulary, hidden));
    }
    // A new mapping for the embedding alone: the old one would keep every page that was read.
    source.run("unmap_files");
    if (stage.first()) {
      source.map();
      source.run("load_embedding", source.whole(embedding));
      source.run("unmap_files");
    }
    source.run("loaded");
    frequencies(config).forEach(source::run);
    if (config.tiedEmbeddings()) {
      source.ignore("lm_head.weight"); // some files hold the tied matrix twice
    }
    return source.unexpected();
  }

  private void norms(WeightSource source, String layer) {
    switch (config.norms().place()) {
      case BEFORE -> {
        norm(source, "attention_norm", layer + "input_layernorm");
        norm(source, "mlp_norm", layer + "post_attention_layernorm");
      }
      case AFTER -> {
        norm(source, "attention_out_norm", layer + "post_attention_layernorm");
        norm(source, "mlp_out_norm", layer + "post_feedforward_layernorm");
      }
      case AROUND -> {
        norm(source, "attention_norm", layer + "input_layernorm");
        norm(source, "attention_out_norm", layer + "post_attention_layernorm");
        norm(source, "mlp_norm", layer + "pre_feedforward_layernorm");
        norm(source, "mlp_out_norm", layer + "post_feedforward_layernorm");
      }
    }
  }

  private void norm(WeightSource source, String kind, String name) {
    long hidden = config.hiddenSize();
    StoredTensor weight = source.require(name + ".weight", hidden);
    switch (config.norms().kind()) {
      case RMS -> source.load("load_norm", kind, source.whole(weight));
      case LAYER -> {
        StoredTensor bias = source.require(name + ".bias", hidden);
        source.load("load_norm", kind, source.whole(weight), source.whole(bias));
      }
    }
  }

  private void attention(WeightSource source, String name) {
    Attention attention = config.attention();
    long hidden = config.hiddenSize();
    long q = (long) attention.heads() * attention.headDim();
    long kv = (long) attention.kvHeads() * attention.headDim();
    if (attention.fused()) {
      source.linear("qkv", source.require(name + "qkv_proj.weight", q + 2 * kv, hidden));
    } else {
      StoredTensor qWeight = source.require(name + "q_proj.weight", q, hidden);
      StoredTensor kWeight = source.require(name + "k_proj.weight", kv, hidden);
      StoredTensor vWeight = source.require(name + "v_proj.weight", kv, hidden);
      source.linear("qkv", qWeight, kWeight, vWeight);
    }
    source.linear("output", source.require(name + "o_proj.weight", hidden, q));
    if (attention.bias()) {
      StoredTensor qBias = source.require(name + "q_proj.bias", q);
      StoredTensor kBias = source.require(name + "k_proj.bias", kv);
      StoredTensor vBias = source.require(name + "v_proj.bias", kv);
      source.vector("qkv_bias", qBias, kBias, vBias);
    }
    if (attention.outputBias()) {
      source.vector("output_bias", source.require(name + "o_proj.bias", hidden));
    }
    if (attention.sinks()) {
      source.vector("sinks", source.require(name + "sinks", attention.heads()));
    }
    boolean perHead = attention.qkNorm() == QkNorm.HEAD;
    if (attention.qkNorm() != QkNorm.NONE) {
      StoredTensor qNorm =
          source.require(name + "q_norm.weight", perHead ? attention.headDim() : q);
      StoredTensor kNorm =
          source.require(name + "k_norm.weight", perHead ? attention.headDim() : kv);
      source.run("load_qk_norm", source.whole(qNorm), source.whole(kNorm));
    }
  }

  private void latent(WeightSource source, String name, Attention.Latent latent) {
    Attention attention = config.attention();
    long hidden = config.hiddenSize();
    long heads = attention.heads();
    long q = heads * attention.headDim();
    long rank = latent.rank();
    long plain = (long) attention.headDim() - attention.rotaryDim();
    Integer queryRank = latent.queryRank();
    StoredTensor down =
        source.require(name + "kv_a_proj_with_mqa.weight", rank + attention.rotaryDim(), hidden);
    if (queryRank == null) {
      StoredTensor query = source.require(name + "q_proj.weight", q, hidden);
      source.load("load_latent", "down", source.whole(down));
      source.load("load_latent", "query", source.whole(query));
    } else {
      StoredTensor queryDown = source.require(name + "q_a_proj.weight", queryRank, hidden);
      StoredTensor query = source.require(name + "q_b_proj.weight", q, queryRank);
      source.load("load_latent", "down", source.whole(queryDown), source.whole(down));
      source.load("load_latent", "query", source.whole(query));
      source.vector("latent_query_norm", source.require(name + "q_a_layernorm.weight", queryRank));
    }
    source.vector("latent_norm", source.require(name + "kv_a_layernorm.weight", rank));
    StoredTensor both =
        source.require(name + "kv_b_proj.weight", heads * (plain + latent.valueDim()), rank);
    source.load("load_latent", "up", source.whole(both));
    StoredTensor output = source.require(name + "o_proj.weight", hidden, heads * latent.valueDim());
    source.load("load_latent", "output", source.whole(output));
  }

  /** A layer without experts in a model with some. */
  private void noExperts(WeightSource source) {
    if (ExpertProgram.in(config)) {
      source.run("no_experts");
    }
  }

  private void gated(WeightSource source, String name, Mlp.Gated mlp) {
    noExperts(source);
    long hidden = config.hiddenSize();
    long width = mlp.width();
    if (mlp.fused()) {
      StoredTensor both = source.require(name + "gate_up_proj.weight", 2 * width, hidden);
      source.linearRows("gate", both, 0, width);
      source.linearRows("up", both, width, width);
    } else {
      source.linear("gate", source.require(name + "gate_proj.weight", width, hidden));
      source.linear("up", source.require(name + "up_proj.weight", width, hidden));
    }
    source.linear("down", source.require(name + "down_proj.weight", hidden, width));
    if (mlp.bias()) {
      source.vector("gate_bias", source.require(name + "gate_proj.bias", width));
      source.vector("up_bias", source.require(name + "up_proj.bias", width));
      source.vector("down_bias", source.require(name + "down_proj.bias", hidden));
    }
  }

  private void plain(WeightSource source, String name, Mlp.Plain mlp) {
    long hidden = config.hiddenSize();
    long width = mlp.width();
    source.linear("up", source.require(name + "c_fc.weight", width, hidden));
    source.linear("down", source.require(name + "c_proj.weight", hidden, width));
    if (mlp.bias()) {
      source.vector("up_bias", source.require(name + "c_fc.bias", width));
      source.vector("down_bias", source.require(name + "c_proj.bias", hidden));
    }
  }

  private static Stream<String> frequencies(DecoderConfig config) {
    return IntStream.range(0, DecoderProgram.ropes(config).size())
        .mapToObj(rope -> "add_frequencies_" + rope);
  }

  /** Draws the weights of a Llama for measuring speed; what the model says is noise. */
  static void draw(WeightCalls program, DecoderConfig config, Stage stage) {
    for (Layer layer : config.layers().subList(stage.from(), stage.to())) {
      ones(program, "attention_norm");
      ones(program, "mlp_norm");
      drawn(config, layer.mlp().width()).forEach((kind, shape) -> drawLinear(program, kind, shape));
    }
    if (stage.last()) {
      ones(program, "final_norm");
      drawLinear(program, "head", head(config));
    }
    if (stage.first()) {
      program.call("draw_embedding");
    }
    program.call("loaded");
    frequencies(config).forEach(program::call);
  }

  /** The shapes of what {@link #draw} draws. */
  static List<WeightShape> drawnShapes(DecoderConfig config, Stage stage) {
    Map<List<Integer>, WeightShape> shapes = new LinkedHashMap<>();
    Stream.concat(
            config.layers().subList(stage.from(), stage.to()).stream()
                .flatMap(layer -> drawn(config, layer.mlp().width()).values().stream()),
            stage.last() ? Stream.of(head(config)) : Stream.empty())
        .forEach(
            shape ->
                shapes.merge(
                    List.of(shape.rows(), shape.columns()), shape, (known, _) -> known.more()));
    return List.copyOf(shapes.values());
  }

  private static Map<String, WeightShape> drawn(DecoderConfig config, int width) {
    Attention attention = config.attention();
    int hidden = config.hiddenSize();
    int q = attention.heads() * attention.headDim();
    int kv = attention.kvHeads() * attention.headDim();
    Map<String, WeightShape> shapes = new LinkedHashMap<>();
    shapes.put("qkv", new WeightShape(q + 2 * kv, hidden, 1));
    shapes.put("output", new WeightShape(hidden, q, 1));
    shapes.put("gate", new WeightShape(width, hidden, 1));
    shapes.put("up", new WeightShape(width, hidden, 1));
    shapes.put("down", new WeightShape(hidden, width, 1));
    return shapes;
  }

  private static WeightShape head(DecoderConfig config) {
    return new WeightShape(config.vocabularySize(), config.hiddenSize(), 1);
  }

  private static void ones(WeightCalls program, String kind) {
    program.call("fill_norm", kind);
  }

  private static void drawLinear(WeightCalls program, String kind, WeightShape shape) {
    program.call("draw_linear", kind, (long) shape.rows(), (long) shape.columns());
  }
}
