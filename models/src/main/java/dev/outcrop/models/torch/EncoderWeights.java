package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Biases;
import dev.outcrop.models.arch.EncoderConfig.Classifier;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import dev.outcrop.models.arch.EncoderFamily;
import dev.outcrop.models.weights.StoredTensor;
import java.util.List;

/** Gives an encoder program its weights: straight from safetensors files, or at random. */
final class EncoderWeights {
  private final EncoderConfig config;
  private final WeightSource source;
  private final long hidden;
  private final long inner;

  private EncoderWeights(WeightSource source, EncoderConfig config) {
    this.config = config;
    this.source = source;
    this.hidden = config.hiddenSize();
    this.inner = config.intermediateSize();
  }

  /** Loads a checkpoint. Missing and misshapen tensors are errors that name file and tensor. */
  static void load(WeightSource source, EncoderConfig config) {
    new EncoderWeights(source, config).load();
  }

  private void load() {
    source.map();
    switch (config.positions()) {
      case Positions.Learned learned -> loadLearned(learned);
      case Positions.Rotary _ -> loadRotary();
    }
    source.run("unmap_files");
  }

  /** What stands before the names of the model's own tensors, where a head is saved with it. */
  private String prefix(String word, String prefix) {
    return !source.has(word) && source.has(prefix + word) ? prefix : "";
  }

  private void loadLearned(Positions.Learned learned) {
    String words = "embeddings.word_embeddings.weight";
    String prefix =
        switch (config.family()) {
          case BERT -> prefix(words, "bert.");
          case XLM_ROBERTA, MODERNBERT -> prefix(words, "roberta.");
        };
    norm(prefix + "embeddings.LayerNorm");
    for (int l = 0; l < config.layers(); l++) {
      String layer = prefix + "encoder.layer." + l + ".";
      String self = layer + "attention.self.";
      StoredTensor[] weights = new StoredTensor[3];
      StoredTensor[] biases = new StoredTensor[3];
      String[] names = {"query", "key", "value"};
      for (int i = 0; i < names.length; i++) {
        weights[i] = source.require(self + names[i] + ".weight", hidden, hidden);
        biases[i] = source.require(self + names[i] + ".bias", hidden);
      }
      source.linear("qkv", weights);
      source.vector("qkv_bias", biases);
      biased("output", layer + "attention.output.dense", hidden, hidden);
      norm(layer + "attention.output.LayerNorm");
      biased("up", layer + "intermediate.dense", inner, hidden);
      biased("down", layer + "output.dense", hidden, inner);
      norm(layer + "output.LayerNorm");
    }
    Classifier head = config.classifier();
    if (head != null) {
      boolean bert = config.family() == EncoderFamily.BERT;
      head(bert ? prefix + "pooler.dense" : "classifier.dense", hidden, true);
      head(bert ? "classifier" : "classifier.out_proj", head.labels(), true);
    }
    remap();
    table(prefix + words, config.vocabularySize());
    table(prefix + "embeddings.position_embeddings.weight", learned.rows());
    table(prefix + "embeddings.token_type_embeddings.weight", learned.types());
  }

  private void loadRotary() {
    String words = "embeddings.tok_embeddings.weight";
    String prefix = prefix(words, "model.");
    Biases biases = config.biases();
    norm(prefix + "embeddings.norm");
    for (int l = 0; l < config.layers(); l++) {
      String layer = prefix + "layers." + l + ".";
      if (l > 0) {
        norm(layer + "attn_norm");
      }
      source.linear("qkv", source.require(layer + "attn.Wqkv.weight", 3 * hidden, hidden));
      source.linear("output", source.require(layer + "attn.Wo.weight", hidden, hidden));
      norm(layer + "mlp_norm");
      // The first half of Wi is activated, the second is what it is multiplied by.
      StoredTensor both = source.require(layer + "mlp.Wi.weight", 2 * inner, hidden);
      source.load("load_linear", "up", source.rows(both, 0, inner));
      source.load("load_linear", "gate", source.rows(both, inner, inner));
      source.linear("down", source.require(layer + "mlp.Wo.weight", hidden, inner));
      if (biases.attention()) {
        source.vector("qkv_bias", source.require(layer + "attn.Wqkv.bias", 3 * hidden));
        source.vector("output_bias", source.require(layer + "attn.Wo.bias", hidden));
      }
      if (biases.mlp()) {
        StoredTensor bias = source.require(layer + "mlp.Wi.bias", 2 * inner);
        source.load("load_vector", "up_bias", source.rows(bias, 0, inner));
        source.load("load_vector", "gate_bias", source.rows(bias, inner, inner));
        source.vector("down_bias", source.require(layer + "mlp.Wo.bias", hidden));
      }
    }
    norm(prefix + "final_norm");
    Classifier head = config.classifier();
    if (head != null) {
      head("head.dense", hidden, false);
      source.vector("head", source.require("head.norm.weight", hidden));
      head("classifier", head.labels(), true);
      if (head.bias()) {
        source.vector("head", source.require("head.dense.bias", hidden));
      }
      if (biases.norm()) {
        source.vector("head", source.require("head.norm.bias", hidden));
      }
    }
    remap();
    table(prefix + words, config.vocabularySize());
    source.run("set_frequencies");
  }

  /** A mapping for the tables alone: the old one would keep every page that was read. */
  private void remap() {
    source.run("unmap_files");
    source.map();
  }

  /** Old checkpoints of BERT call a norm's weight gamma and its bias beta. */
  private void norm(String name) {
    boolean old = !source.has(name + ".weight") && source.has(name + ".gamma");
    source.vector("norm", source.require(name + (old ? ".gamma" : ".weight"), hidden));
    if (config.biases().norm()) {
      source.vector("norm_bias", source.require(name + (old ? ".beta" : ".bias"), hidden));
    }
  }

  private void biased(String kind, String name, long rows, long columns) {
    source.linear(kind, source.require(name + ".weight", rows, columns));
    source.vector(kind + "_bias", source.require(name + ".bias", rows));
  }

  private void head(String name, long rows, boolean bias) {
    source.vector("head", source.require(name + ".weight", rows, hidden));
    if (bias) {
      source.vector("head", source.require(name + ".bias", rows));
    }
  }

  private void table(String name, long rows) {
    source.run("load_table", source.whole(source.require(name, rows, hidden)));
  }

  /** Draws weights for measuring speed; what the model says is noise. */
  static void draw(TorchProgram program, EncoderConfig config) {
    int hidden = config.hiddenSize();
    int inner = config.intermediateSize();
    for (int l = 0; l < config.layers(); l++) {
      linear(program, "qkv", 3 * hidden, hidden);
      linear(program, "output", hidden, hidden);
      linear(program, "up", inner, hidden);
      linear(program, "gate", inner, hidden);
      linear(program, "down", hidden, inner);
      vector(program, "qkv_bias", 3 * hidden, 0);
      for (String kind : List.of("up_bias", "gate_bias")) {
        vector(program, kind, inner, 0);
      }
      for (String kind : List.of("output_bias", "down_bias")) {
        vector(program, kind, hidden, 0);
      }
    }
    for (int i = 0; i < 2 * config.layers() + 1; i++) {
      vector(program, "norm", hidden, 1);
      vector(program, "norm_bias", hidden, 0);
    }
    program.run("draw_table", IValue.from(config.vocabularySize()));
    switch (config.positions()) {
      case Positions.Learned(int rows, _, int types) -> {
        program.run("draw_table", IValue.from(rows));
        program.run("draw_table", IValue.from(types));
      }
      case Positions.Rotary _ -> program.run("set_frequencies");
    }
  }

  private static void linear(TorchProgram program, String kind, int rows, int columns) {
    program.run("draw_linear", IValue.from(kind), IValue.from(rows), IValue.from(columns));
  }

  private static void vector(TorchProgram program, String kind, int size, double value) {
    program.run("fill_vector", IValue.from(kind), IValue.from(size), IValue.from(value));
  }
}
