package dev.outcrop.models.loading;

import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Activation;
import dev.outcrop.models.arch.EncoderConfig.Biases;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import dev.outcrop.models.arch.EncoderFamily;
import dev.outcrop.models.arch.Pooling;
import dev.outcrop.models.arch.SentenceModules;
import dev.outcrop.models.torch.TorchEncoder;
import java.util.OptionalInt;

/** An encoder of the BERT kind with random weights. Used by the bench command. */
public final class EncoderBench implements AutoCloseable {
  /** The longest text, in tokens. */
  public static final int MAX_TOKENS = 512;

  private final TorchEncoder encoder;

  private EncoderBench(TorchEncoder encoder) {
    this.encoder = encoder;
  }

  /**
   * The sizes of an encoder.
   *
   * @param hidden width of the residual stream
   * @param layers layers
   * @param heads attention heads
   * @param intermediate width of the MLP
   * @param vocabulary rows of the embedding
   */
  public record Shape(int hidden, int layers, int heads, int intermediate, int vocabulary) {}

  /**
   * Draws the weights.
   *
   * @param threads threads that one operator may use; 0 leaves the choice to libtorch
   */
  public static EncoderBench open(Shape shape, ComputeType type, int threads) {
    EncoderConfig config =
        new EncoderConfig(
            EncoderFamily.BERT,
            shape.vocabulary(),
            shape.hidden(),
            shape.intermediate(),
            shape.layers(),
            shape.heads(),
            MAX_TOKENS,
            new Positions.Learned(MAX_TOKENS, 0, 2),
            1e-12,
            Activation.GELU,
            new Biases(true, true, true),
            null);
    SentenceModules modules = new SentenceModules(Pooling.MEAN, true, OptionalInt.empty());
    return new EncoderBench(
        TorchEncoder.random(config, modules, EngineLoader.element(type), threads));
  }

  /** Embeddings of texts, [texts][hidden]; one thread at a time. */
  public float[][] embed(int[][] ids) {
    return encoder.embed(ids);
  }

  @Override
  public void close() {
    encoder.close();
  }
}
