package dev.outcrop.models.torch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.weights.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A tiny checkpoint made by make_fixtures.py and what transformers says to it.
 *
 * @param tokens prompt and greedy completion
 * @param promptTokens how many of them are prompt
 * @param logits expected after every token
 */
@SuppressWarnings("ArrayRecordComponent")
record Fixture(
    DecoderConfig config, Checkpoint checkpoint, int[] tokens, int promptTokens, float[][] logits) {

  static Fixture read(String name) {
    try {
      URI uri = Objects.requireNonNull(Fixture.class.getResource("/checkpoints/" + name)).toURI();
      Path folder = Path.of(uri);
      JsonNode expected = new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
      int prompt = expected.get("prompt").size();
      int[] tokens = new int[prompt + expected.get("greedy").size()];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] =
            i < prompt
                ? expected.get("prompt").get(i).intValue()
                : expected.get("greedy").get(i - prompt).intValue();
      }
      Checkpoint stored = Checkpoint.open(folder.resolve("expected"));
      DecoderConfig config = DecoderConfig.read(folder);
      float[] flat =
          Checkpoint.read(stored.require("logits", tokens.length, config.vocabularySize()));
      float[][] logits = new float[tokens.length][];
      for (int i = 0; i < logits.length; i++) {
        logits[i] =
            Arrays.copyOfRange(
                flat, i * config.vocabularySize(), (i + 1) * config.vocabularySize());
      }
      return new Fixture(config, Checkpoint.open(folder), tokens, prompt, logits);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The same with a checkpoint, written to a folder, whose numbers are rounded to float16. */
  Fixture inFloat16(Path folder) {
    try {
      List<Part> parts = Part.of(Objects.requireNonNull(checkpoint.source().getParent()));
      Part.write(folder.resolve("model.safetensors"), parts.stream().map(Part::inFloat16).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Fixture(config, Checkpoint.open(folder), tokens, promptTokens, logits);
  }

  /** What an engine of a type says after every token, the last one decoded alone. */
  float[][] said(ElementType type) {
    return said(new TorchOptions(type, 256, 1));
  }

  /** What an engine says after every token, the last one decoded alone. */
  float[][] said(TorchOptions options) {
    int n = length();
    try (TorchEngine engine = TorchEngine.open(config, checkpoint, options)) {
      StepPlan plan = new StepPlan();
      row(plan, 0, n - 1, 0, n - 1);
      float[][] said = Arrays.copyOf(engine.logits(plan), n);
      plan.clear();
      row(plan, n - 1, n, 0, n);
      said[n - 1] = engine.logits(plan)[0];
      return said;
    }
  }

  int length() {
    return tokens.length;
  }

  /** The largest |logit| expected. */
  float largest() {
    float largest = 0;
    for (float[] row : logits) {
      for (float value : row) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    return largest;
  }

  /** The most likely token after the first {@code length} ones. */
  int best(int length) {
    return best(logits[length - 1]);
  }

  private static int best(float[] row) {
    int best = 0;
    for (int v = 1; v < row.length; v++) {
      best = row[v] > row[best] ? v : best;
    }
    return best;
  }

  /** Adds a row of this fixture's tokens from..to with segments (slot, length)... */
  void row(StepPlan plan, int from, int to, int... segments) {
    plan.row(from);
    plan.form(config.ropeForm(length()));
    plan.tokens(tokens, from, to - from);
    for (int i = 0; i < segments.length; i += 2) {
      plan.segment(segments[i], segments[i + 1]);
    }
    plan.sample(Sampling.GREEDY, tokens, Math.min(promptTokens, to), to);
  }

  /**
   * The largest difference to what is expected after tokens from.., in parts of the largest. A
   * value that is not finite has no difference and fails the test.
   */
  double error(float[][] actual, int from) {
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      for (int v = 0; v < actual[i].length; v++) {
        if (!Float.isFinite(actual[i][v])) {
          throw new AssertionError("logit %d of token %d is not finite".formatted(v, from + i));
        }
        worst = Math.max(worst, Math.abs(actual[i][v] - logits[from + i][v]));
      }
    }
    return worst / largest();
  }

  /** The mean Kullback-Leibler divergence from what is expected, in nats. */
  double divergence(float[][] actual) {
    double sum = 0;
    for (int i = 0; i < actual.length; i++) {
      double expectedSum = logSumExp(logits[i]);
      double actualSum = logSumExp(actual[i]);
      for (int v = 0; v < actual[i].length; v++) {
        double expected = logits[i][v] - expectedSum;
        sum += Math.exp(expected) * (expected - (actual[i][v] - actualSum));
      }
    }
    return sum / actual.length;
  }

  private static double logSumExp(float[] row) {
    double sum = 0;
    for (float value : row) {
      sum += Math.exp(value);
    }
    return Math.log(sum);
  }

  /** The share of tokens after which the most likely one is the same. */
  double agreement(float[][] actual) {
    int same = 0;
    for (int i = 0; i < actual.length; i++) {
      same += best(actual[i]) == best(logits[i]) ? 1 : 0;
    }
    return (double) same / actual.length;
  }
}
