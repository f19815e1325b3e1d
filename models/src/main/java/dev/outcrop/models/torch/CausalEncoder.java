package dev.outcrop.models.torch;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Pooling;
import dev.outcrop.models.arch.SentenceModules;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.weights.Checkpoint;
import org.jspecify.annotations.Nullable;

/**
 * A decoder whose state behind a text's last token is the text's embedding (Qwen3 Embedding). Texts
 * run as prompts that nothing follows; as many at once as the KV arena holds.
 */
public final class CausalEncoder implements TextEncoder {
  private final TorchEngine engine;
  private final SentenceModules modules;
  private final int vocabulary;
  private final int longest;
  private final StepPlan plan = new StepPlan();

  private CausalEncoder(
      TorchEngine engine, SentenceModules modules, DecoderConfig config, int longest) {
    this.engine = engine;
    this.modules = modules;
    this.vocabulary = config.vocabularySize();
    this.longest = longest;
  }

  /**
   * Opens a checkpoint.
   *
   * @param longest the longest text, in tokens; the arena of the options has to hold one
   * @throws OutcropException where the files ask for a pooling other than the last token's
   */
  public static CausalEncoder open(
      DecoderConfig config,
      SentenceModules modules,
      Checkpoint checkpoint,
      TorchOptions options,
      int longest) {
    if (modules.pooling() != Pooling.LAST) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "%s: the pooling of a decoder is %s; supported: lasttoken"
              .formatted(checkpoint.source(), modules.pooling()));
    }
    return new CausalEncoder(
        TorchEngine.open(config, checkpoint, options), modules, config, longest);
  }

  @Override
  public float[][] embed(int[][] ids) {
    float[][] all = new float[ids.length][];
    int next = 0;
    while (next < ids.length) {
      int first = next;
      next = fill(ids, first);
      float[][] some = engine.states(plan);
      for (int i = 0; i < some.length; i++) {
        all[first + i] = modules.normalize() ? normalized(some[i]) : some[i];
      }
    }
    return all;
  }

  /** Plans texts from one on, as many as fit, and answers which is the first that did not. */
  private int fill(int[][] ids, int first) {
    KvGeometry geometry = engine.geometry();
    plan.clear();
    int slot = 0;
    int text = first;
    while (text < ids.length) {
      int[] tokens = ids[text];
      require(tokens);
      int slots = Math.ceilDiv(tokens.length, geometry.unitTokens()) * geometry.unitTokens();
      if (slot > 0 && slot + slots > geometry.tokens()) {
        break;
      }
      plan.row(0);
      plan.tokens(tokens, 0, tokens.length);
      plan.segment(slot, tokens.length);
      slot += slots;
      text++;
    }
    return text;
  }

  private void require(int[] tokens) {
    boolean sound = tokens.length > 0 && tokens.length <= longest;
    for (int token : tokens) {
      sound = sound && token >= 0 && token < vocabulary;
    }
    if (!sound) {
      throw new OutcropException(
          ModelError.STEP_FAILED, "a text's length or a token id is outside the model's bounds");
    }
  }

  private static float[] normalized(float[] vector) {
    double square = 0;
    for (float value : vector) {
      square += (double) value * value;
    }
    double length = Math.max(Math.sqrt(square), 1e-12);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / length);
    }
    return vector;
  }

  @Override
  public float[][] score(int[][] ids, int @Nullable [][] types) {
    throw new IllegalStateException("the model has no classifier");
  }

  @Override
  public void close() {
    engine.close();
  }
}
