package dev.outcrop.models.torch;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Family;
import dev.outcrop.models.arch.Rope;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Configurations made by hand, and variants of others with one thing changed. */
final class Configs {
  private Configs() {}

  static DecoderConfig tiny(int vocabulary) {
    return new DecoderConfig(
        Family.LLAMA,
        vocabulary,
        32,
        48,
        2,
        4,
        2,
        8,
        1024,
        1e-5,
        new Rope.Default(10_000),
        null,
        false,
        false,
        false,
        false,
        false,
        null,
        List.of(),
        List.of());
  }

  static DecoderConfig withRope(DecoderConfig c, Rope rope) {
    return copy(c, rope, c.slidingWindow(), c.attentionBias(), c.qkNorm());
  }

  static DecoderConfig withoutWindow(DecoderConfig c) {
    return copy(c, c.rope(), null, c.attentionBias(), c.qkNorm());
  }

  static DecoderConfig withoutBias(DecoderConfig c) {
    return copy(c, c.rope(), c.slidingWindow(), false, c.qkNorm());
  }

  static DecoderConfig withoutQkNorm(DecoderConfig c) {
    return copy(c, c.rope(), c.slidingWindow(), c.attentionBias(), false);
  }

  private static DecoderConfig copy(
      DecoderConfig c, Rope rope, @Nullable Integer window, boolean attentionBias, boolean qkNorm) {
    return new DecoderConfig(
        c.family(),
        c.vocabularySize(),
        c.hiddenSize(),
        c.intermediateSize(),
        c.layers(),
        c.heads(),
        c.kvHeads(),
        c.headDim(),
        c.maxPosition(),
        c.rmsNormEps(),
        rope,
        window,
        attentionBias,
        c.outputBias(),
        c.mlpBias(),
        qkNorm,
        c.tiedEmbeddings(),
        c.dtype(),
        c.bosTokens(),
        c.eosTokens());
  }
}
