package dev.outcrop.models.torch;

import dev.outcrop.models.arch.Attention;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.Layer;
import dev.outcrop.models.arch.Norms;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.arch.Scales;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Configurations made by hand, and variants of others with one thing changed. */
final class Configs {
  private Configs() {}

  static DecoderConfig tiny(int vocabulary) {
    return DecoderConfig.llama(vocabulary, 32, 1024, Attention.plain(4, 2, 8), 2, 48);
  }

  static UnaryOperator<DecoderConfig> rope(UnaryOperator<Rope> change) {
    return layers(
        layer ->
            layer.rope() == null
                ? layer
                : new Layer(layer.window(), change.apply(layer.rope()), layer.mlp()));
  }

  static UnaryOperator<DecoderConfig> layers(UnaryOperator<Layer> change) {
    return c -> with(c, c.attention(), c.norms(), c.layers().stream().map(change).toList());
  }

  static UnaryOperator<DecoderConfig> attention(UnaryOperator<Attention> change) {
    return c -> with(c, change.apply(c.attention()), c.norms(), c.layers());
  }

  static UnaryOperator<DecoderConfig> norms(UnaryOperator<Norms> change) {
    return c -> with(c, c.attention(), change.apply(c.norms()), c.layers());
  }

  static UnaryOperator<DecoderConfig> scales(UnaryOperator<Scales> change) {
    return c -> with(c, c.attention(), c.norms(), c.layers(), change.apply(c.scales()));
  }

  private static DecoderConfig with(
      DecoderConfig c, Attention attention, Norms norms, List<Layer> layers) {
    return with(c, attention, norms, layers, c.scales());
  }

  private static DecoderConfig with(
      DecoderConfig c, Attention attention, Norms norms, List<Layer> layers, Scales scales) {
    return new DecoderConfig(
        c.family(),
        c.vocabularySize(),
        c.hiddenSize(),
        c.maxPosition(),
        attention,
        norms,
        layers,
        scales,
        c.tiedEmbeddings(),
        c.dtype(),
        c.bosTokens(),
        c.eosTokens(),
        c.packed());
  }

  static EncoderConfig encoder(
      EncoderConfig c,
      EncoderConfig.Positions positions,
      EncoderConfig.Activation activation,
      EncoderConfig.@Nullable Classifier classifier,
      int maxTokens) {
    return new EncoderConfig(
        c.family(),
        c.vocabularySize(),
        c.hiddenSize(),
        c.intermediateSize(),
        c.layers(),
        c.heads(),
        maxTokens,
        positions,
        c.normEps(),
        activation,
        c.biases(),
        classifier);
  }
}
