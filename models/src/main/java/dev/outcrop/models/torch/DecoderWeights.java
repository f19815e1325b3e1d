package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * Gives a decoder program its weights: straight from safetensors files, which libtorch maps, or at
 * random.
 */
final class DecoderWeights {
  private final TorchProgram program;
  private final DecoderConfig config;

  DecoderWeights(TorchProgram program, DecoderConfig config) {
    this.program = program;
    this.config = config;
  }

  /**
   * Loads a checkpoint. Missing and misshapen tensors are errors that name file and tensor.
   *
   * @return names of tensors that this architecture has no use for
   */
  List<String> load(Checkpoint checkpoint) {
    Source source = new Source(checkpoint);
    long hidden = config.hiddenSize();
    long inner = config.intermediateSize();
    long q = (long) config.heads() * config.headDim();
    long kv = (long) config.kvHeads() * config.headDim();
    source.map();
    for (int l = 0; l < config.layers(); l++) {
      String layer = "model.layers." + l + ".";
      String attention = layer + "self_attn.";
      String mlp = layer + "mlp.";
      source.vector("attention_norm", hidden, layer + "input_layernorm.weight");
      source.vector("mlp_norm", hidden, layer + "post_attention_layernorm.weight");
      StoredTensor qWeight = source.require(attention + "q_proj.weight", q, hidden);
      StoredTensor kWeight = source.require(attention + "k_proj.weight", kv, hidden);
      StoredTensor vWeight = source.require(attention + "v_proj.weight", kv, hidden);
      source.linear("qkv", qWeight, kWeight, vWeight);
      source.linear("output", source.require(attention + "o_proj.weight", hidden, q));
      source.linear("gate", source.require(mlp + "gate_proj.weight", inner, hidden));
      source.linear("up", source.require(mlp + "up_proj.weight", inner, hidden));
      source.linear("down", source.require(mlp + "down_proj.weight", hidden, inner));
      if (config.attentionBias()) {
        StoredTensor qBias = source.require(attention + "q_proj.bias", q);
        StoredTensor kBias = source.require(attention + "k_proj.bias", kv);
        StoredTensor vBias = source.require(attention + "v_proj.bias", kv);
        source.vector("qkv_bias", qBias, kBias, vBias);
      }
      if (config.outputBias()) {
        source.vector("output_bias", hidden, attention + "o_proj.bias");
      }
      if (config.mlpBias()) {
        source.vector("gate_bias", inner, mlp + "gate_proj.bias");
        source.vector("up_bias", inner, mlp + "up_proj.bias");
        source.vector("down_bias", hidden, mlp + "down_proj.bias");
      }
      if (config.qkNorm()) {
        StoredTensor qNorm = source.require(attention + "q_norm.weight", config.headDim());
        StoredTensor kNorm = source.require(attention + "k_norm.weight", config.headDim());
        program.run("load_qk_norm", source.where(qNorm), source.where(kNorm));
      }
    }
    source.vector("final_norm", hidden, "model.norm.weight");
    long vocabulary = config.vocabularySize();
    StoredTensor embedding = source.require("model.embed_tokens.weight", vocabulary, hidden);
    source.linear(
        "head",
        config.tiedEmbeddings() ? embedding : source.require("lm_head.weight", vocabulary, hidden));
    // A new mapping for the embedding alone: the old one would keep every page that was read.
    program.run("unmap_files");
    source.map();
    program.run("load_embedding", source.where(embedding));
    program.run("unmap_files");
    program.run("set_frequencies");
    if (config.tiedEmbeddings()) {
      source.used.add("lm_head.weight"); // some files hold the tied matrix twice
    }
    return checkpoint.unexpected(source.used);
  }

  /** Draws weights for measuring speed; what the model says is noise. */
  void draw() {
    int q = config.heads() * config.headDim();
    int kv = config.kvHeads() * config.headDim();
    for (int l = 0; l < config.layers(); l++) {
      ones("attention_norm", config.hiddenSize());
      ones("mlp_norm", config.hiddenSize());
      drawLinear("qkv", q + 2 * kv, config.hiddenSize());
      drawLinear("output", config.hiddenSize(), q);
      drawLinear("gate", config.intermediateSize(), config.hiddenSize());
      drawLinear("up", config.intermediateSize(), config.hiddenSize());
      drawLinear("down", config.hiddenSize(), config.intermediateSize());
    }
    ones("final_norm", config.hiddenSize());
    drawLinear("head", config.vocabularySize(), config.hiddenSize());
    program.run("draw_embedding");
    program.run("set_frequencies");
  }

  private void ones(String kind, int size) {
    program.run("fill_vector", IValue.from(kind), IValue.from(size));
  }

  private void drawLinear(String kind, int rows, int columns) {
    program.run("draw_linear", IValue.from(kind), IValue.from(rows), IValue.from(columns));
  }

  /** The files of one checkpoint, as the program knows them. */
  private final class Source {
    private final Checkpoint checkpoint;
    private final List<Path> files;
    private final Set<String> used = new HashSet<>();

    Source(Checkpoint checkpoint) {
      this.checkpoint = checkpoint;
      this.files = checkpoint.files();
    }

    StoredTensor require(String name, long... shape) {
      used.add(name);
      return checkpoint.require(name, shape);
    }

    void map() {
      for (Path file : files) {
        program.run("map_file", IValue.from(file.toString()), IValue.from(file.toFile().length()));
      }
    }

    void vector(String kind, long size, String name) {
      vector(kind, require(name, size));
    }

    void vector(String kind, StoredTensor... parts) {
      program.run("load_vector", IValue.from(kind), all(parts));
    }

    void linear(String kind, StoredTensor... parts) {
      program.run("load_linear", IValue.from(kind), all(parts));
    }

    private IValue all(StoredTensor... parts) {
      IValue[] where = Arrays.stream(parts).map(this::where).toArray(IValue[]::new);
      IValue list = IValue.listFrom(where);
      for (IValue part : where) {
        part.close();
      }
      return list;
    }

    /** As {@code stored} in weights.torchscript wants it. */
    IValue where(StoredTensor tensor) {
      LongStream head =
          LongStream.of(
              files.indexOf(tensor.file()),
              scalarType(tensor.dtype()),
              tensor.offset() / tensor.dtype().bytes());
      LongStream shape = tensor.shape().stream().mapToLong(Long::longValue);
      return IValue.listFrom(LongStream.concat(head, shape).toArray());
    }

    private static int scalarType(DType dtype) {
      return switch (dtype) {
        case F32 -> 6;
        case F16 -> 5;
        case BF16 -> 15;
        default -> throw new IllegalArgumentException("no tensors of " + dtype);
      };
    }
  }
}
