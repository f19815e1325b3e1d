package dev.outcrop.models.arch;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What config.json says about an encoder, checked and with the family's defaults filled in.
 *
 * @param family the model family
 * @param vocabularySize rows of the word embedding
 * @param hiddenSize width of the residual stream; a multiple of {@code heads}
 * @param intermediateSize width of the MLP
 * @param layers layers
 * @param heads attention heads
 * @param maxTokens the longest text, in tokens
 * @param positions how a token knows where it stands
 * @param normEps the epsilon of every layer norm
 * @param activation what the MLP has between its matrices
 * @param biases which parts have a bias
 * @param classifier the head that scores texts, or null where there is none
 */
public record EncoderConfig(
    EncoderFamily family,
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int maxTokens,
    Positions positions,
    double normEps,
    Activation activation,
    Biases biases,
    @Nullable Classifier classifier) {

  /** Whether config.json of a checkpoint folder names a family of encoders. */
  public static boolean isEncoder(Path folder) {
    return EncoderConfigReader.isEncoder(folder.resolve("config.json"));
  }

  /**
   * Reads {@code config.json} of a checkpoint folder, as transformers 4 or 5 wrote it. Errors name
   * file and field; {@code CHECKPOINT_UNSUPPORTED} lists what is supported.
   */
  public static EncoderConfig read(Path folder) {
    return EncoderConfigReader.read(folder.resolve("config.json"));
  }

  /** Dimensions of one head. */
  public int headDim() {
    return hiddenSize / heads;
  }

  /** How a token knows where it stands. */
  public sealed interface Positions {
    /**
     * Tables of positions and token types, added to the words; each layer ends in its norms.
     *
     * @param rows rows of the table of positions
     * @param offset the row of the first token
     * @param types rows of the table of token types
     */
    record Learned(int rows, int offset, int types) implements Positions {}

    /**
     * Rotated queries and keys; each layer begins with its norms and has a gated MLP.
     *
     * @param globalTheta the base of layers that see the whole text
     * @param localTheta the base of the others
     * @param window tokens that those see on either side
     * @param localLayers for every layer whether it is such a one
     */
    record Rotary(double globalTheta, double localTheta, int window, List<Boolean> localLayers)
        implements Positions {
      /** Copies the list. */
      public Rotary {
        localLayers = List.copyOf(localLayers);
      }
    }
  }

  /** What the MLP has between its matrices. */
  public enum Activation {
    /** By the error function. */
    GELU,
    /** Its approximation by tanh. */
    GELU_TANH,
    /** Rectified. */
    RELU
  }

  /**
   * Which parts have a bias.
   *
   * @param attention its four projections
   * @param mlp its projections
   * @param norm the layer norms
   */
  public record Biases(boolean attention, boolean mlp, boolean norm) {}

  /**
   * The head of a classifier or reranker.
   *
   * @param labels numbers per text
   * @param pooling what it reads
   * @param bias whether its hidden layer has a bias
   */
  public record Classifier(int labels, Pooling pooling, boolean bias) {}
}
