package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Biases;
import dev.outcrop.models.arch.EncoderConfig.Classifier;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import dev.outcrop.models.arch.EncoderFamily;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Gives an encoder program its weights: straight from safetensors files, or at random. */
final class EncoderWeights {
  private final TorchProgram program;
  private final EncoderConfig config;
  private final Checkpoint checkpoint;
  private final List<Path> files;
  private final long hidden;
  private final long inner;

  private EncoderWeights(TorchProgram program, EncoderConfig config, Checkpoint checkpoint) {
    this.program = program;
    this.config = config;
    this.checkpoint = checkpoint;
    this.files = checkpoint.files();
    this.hidden = config.hiddenSize();
    this.inner = config.intermediateSize();
  }

  /** Loads a checkpoint. Missing and misshapen tensors are errors that name file and tensor. */
  static void load(TorchProgram program, EncoderConfig config, Checkpoint checkpoint) {
    new EncoderWeights(program, config, checkpoint).load();
  }

  private void load() {
    map();
    switch (config.positions()) {
      case Positions.Learned learned -> loadLearned(learned);
      case Positions.Rotary _ -> loadRotary();
    }
    program.run("unmap_files");
  }

  /** What stands before the names of the model's own tensors, where a head is saved with it. */
  private String prefix(String word, String prefix) {
    return checkpoint.find(word) == null && checkpoint.find(prefix + word) != null ? prefix : "";
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
        weights[i] = checkpoint.require(self + names[i] + ".weight", hidden, hidden);
        biases[i] = checkpoint.require(self + names[i] + ".bias", hidden);
      }
      linear("qkv", weights);
      vector("qkv_bias", biases);
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
      linear("qkv", checkpoint.require(layer + "attn.Wqkv.weight", 3 * hidden, hidden));
      linear("output", checkpoint.require(layer + "attn.Wo.weight", hidden, hidden));
      norm(layer + "mlp_norm");
      // The first half of Wi is activated, the second is what it is multiplied by.
      StoredTensor both = checkpoint.require(layer + "mlp.Wi.weight", 2 * inner, hidden);
      load("load_linear", "up", half(both, 0));
      load("load_linear", "gate", half(both, 1));
      linear("down", checkpoint.require(layer + "mlp.Wo.weight", hidden, inner));
      if (biases.attention()) {
        vector("qkv_bias", checkpoint.require(layer + "attn.Wqkv.bias", 3 * hidden));
        vector("output_bias", checkpoint.require(layer + "attn.Wo.bias", hidden));
      }
      if (biases.mlp()) {
        StoredTensor bias = checkpoint.require(layer + "mlp.Wi.bias", 2 * inner);
        load("load_vector", "up_bias", half(bias, 0));
        load("load_vector", "gate_bias", half(bias, 1));
        vector("down_bias", checkpoint.require(layer + "mlp.Wo.bias", hidden));
      }
    }
    norm(prefix + "final_norm");
    Classifier head = config.classifier();
    if (head != null) {
      head("head.dense", hidden, false);
      vector("head", checkpoint.require("head.norm.weight", hidden));
      head("classifier", head.labels(), true);
      if (head.bias()) {
        vector("head", checkpoint.require("head.dense.bias", hidden));
      }
      if (biases.norm()) {
        vector("head", checkpoint.require("head.norm.bias", hidden));
      }
    }
    remap();
    table(prefix + words, config.vocabularySize());
    program.run("set_frequencies");
  }

  /** A mapping for the tables alone: the old one would keep every page that was read. */
  private void remap() {
    program.run("unmap_files");
    map();
  }

  private void map() {
    for (Path file : files) {
      program.run("map_file", IValue.from(file.toString()), IValue.from(file.toFile().length()));
    }
  }

  /** Old checkpoints of BERT call a norm's weight gamma and its bias beta. */
  private void norm(String name) {
    boolean old =
        checkpoint.find(name + ".weight") == null && checkpoint.find(name + ".gamma") != null;
    vector("norm", checkpoint.require(name + (old ? ".gamma" : ".weight"), hidden));
    if (config.biases().norm()) {
      vector("norm_bias", checkpoint.require(name + (old ? ".beta" : ".bias"), hidden));
    }
  }

  private void biased(String kind, String name, long rows, long columns) {
    linear(kind, checkpoint.require(name + ".weight", rows, columns));
    vector(kind + "_bias", checkpoint.require(name + ".bias", rows));
  }

  private void head(String name, long rows, boolean bias) {
    vector("head", checkpoint.require(name + ".weight", rows, hidden));
    if (bias) {
      vector("head", checkpoint.require(name + ".bias", rows));
    }
  }

  private void table(String name, long rows) {
    program.run("load_table", IValue.listFrom(where(checkpoint.require(name, rows, hidden))));
  }

  private void linear(String kind, StoredTensor... parts) {
    load("load_linear", kind, Arrays.stream(parts).map(this::where).toArray(long[][]::new));
  }

  private void vector(String kind, StoredTensor... parts) {
    load("load_vector", kind, Arrays.stream(parts).map(this::where).toArray(long[][]::new));
  }

  private void load(String method, String kind, long[]... parts) {
    IValue[] where = Arrays.stream(parts).map(IValue::listFrom).toArray(IValue[]::new);
    IValue list = IValue.listFrom(where);
    for (IValue part : where) {
      part.close();
    }
    program.run(method, IValue.from(kind), list);
  }

  /** As {@code stored} in encoder_weights.torchscript wants it. */
  private long[] where(StoredTensor tensor) {
    LongStream head =
        LongStream.of(
            files.indexOf(tensor.file()),
            scalarType(tensor.dtype()),
            tensor.offset() / tensor.dtype().bytes());
    return LongStream.concat(head, tensor.shape().stream().mapToLong(Long::longValue)).toArray();
  }

  private static int scalarType(DType dtype) {
    return switch (dtype) {
      case F32 -> 6;
      case F16 -> 5;
      case BF16 -> 15;
      default -> throw new IllegalArgumentException("no tensors of " + dtype);
    };
  }

  /** The first or the second half of a tensor's rows. */
  private long[] half(StoredTensor tensor, int which) {
    long[] where = where(tensor);
    where[2] += which * tensor.elements() / 2;
    where[3] /= 2;
    return where;
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
