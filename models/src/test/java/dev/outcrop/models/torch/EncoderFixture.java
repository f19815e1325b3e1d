package dev.outcrop.models.torch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.SentenceModules;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A tiny encoder made by make_encoder_fixtures.py, and what sentence-transformers or transformers
 * say to it.
 *
 * @param ids the token ids of its texts or pairs
 * @param types their token types
 * @param expected embeddings or scores
 */
@SuppressWarnings("ArrayRecordComponent")
record EncoderFixture(
    Path folder,
    EncoderConfig config,
    SentenceModules modules,
    Checkpoint checkpoint,
    int[][] ids,
    int[][] types,
    float[][] expected) {

  static Path folder(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(EncoderFixture.class.getResource("/encoders/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static EncoderFixture read(String name) {
    Path folder = folder(name);
    try {
      JsonNode said = new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
      StoredTensor stored = Checkpoint.open(folder.resolve("expected")).tensors().iterator().next();
      int width = stored.shape().getLast().intValue();
      float[] flat = Checkpoint.read(stored);
      float[][] expected = new float[flat.length / width][];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
      }
      return new EncoderFixture(
          folder,
          EncoderConfig.read(folder),
          SentenceModules.read(folder),
          Checkpoint.open(folder),
          rows(said.get("ids")),
          rows(said.get("types")),
          expected);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int[][] rows(JsonNode lists) {
    int[][] rows = new int[lists.size()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new int[lists.get(i).size()];
      for (int j = 0; j < rows[i].length; j++) {
        rows[i][j] = lists.get(i).get(j).intValue();
      }
    }
    return rows;
  }

  /** What an encoder of some configuration says to the texts, all in one batch. */
  float[][] said(EncoderConfig some, SentenceModules with, ElementType type) {
    try (TorchEncoder encoder = TorchEncoder.open(some, with, checkpoint, type, 1)) {
      return said(encoder);
    }
  }

  /** The same with a program whose text has something else in one place. */
  float[][] saidWith(String from, String to) {
    String text =
        EncoderProgram.text(
            config, modules.pooling(), modules.normalize(), ElementType.FLOAT32, false);
    if (!text.contains(from)) {
      throw new AssertionError("the program has no " + from);
    }
    TorchProgram program = TorchProgram.load(text.replace(from, to));
    EncoderWeights.load(new WeightSource(program, checkpoint, null), config);
    try (TorchEncoder encoder = new TorchEncoder(program, config)) {
      return said(encoder);
    }
  }

  /** The same with zeros in place of a tensor. */
  float[][] saidWithout(String tensor) {
    try {
      List<Part> parts = new ArrayList<>(Part.of(folder));
      parts.replaceAll(part -> part.name().equals(tensor) ? part.zero() : part);
      Path changed = Files.createTempDirectory("zeros");
      Path file = changed.resolve("model.safetensors");
      Part.write(file, parts);
      try {
        Checkpoint zeros = Checkpoint.open(changed);
        return new EncoderFixture(folder, config, modules, zeros, ids, types, expected)
            .said(config, modules, ElementType.FLOAT32);
      } finally {
        Files.delete(file);
        Files.delete(changed);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  float[][] said(TorchEncoder encoder) {
    return config.classifier() == null ? encoder.embed(ids) : encoder.score(ids, types);
  }

  /** The same, one text after the other. */
  float[][] saidAlone(TorchEncoder encoder) {
    float[][] rows = new float[ids.length][];
    for (int i = 0; i < rows.length; i++) {
      int[][] one = {ids[i]};
      int[][] type = {types[i]};
      rows[i] = config.classifier() == null ? encoder.embed(one)[0] : encoder.score(one, type)[0];
    }
    return rows;
  }

  /** The largest difference, in parts of the largest value expected. */
  double error(float[][] actual) {
    return difference(actual, expected);
  }

  /** The largest difference of two answers, in parts of the largest value of the second. */
  static double difference(float[][] actual, float[][] wanted) {
    double worst = 0;
    double largest = 0;
    if (actual.length != wanted.length) {
      throw new AssertionError("%d rows for %d".formatted(actual.length, wanted.length));
    }
    for (int i = 0; i < wanted.length; i++) {
      for (int j = 0; j < wanted[i].length; j++) {
        if (!Float.isFinite(actual[i][j])) {
          throw new AssertionError("value %d of text %d is not finite".formatted(j, i));
        }
        worst = Math.max(worst, Math.abs(actual[i][j] - wanted[i][j]));
        largest = Math.max(largest, Math.abs(wanted[i][j]));
      }
    }
    return worst / largest;
  }
}
