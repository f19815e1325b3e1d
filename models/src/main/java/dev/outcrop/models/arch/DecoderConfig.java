package dev.outcrop.models.arch;

import dev.outcrop.models.weights.DType;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What config.json says about a decoder of the Llama family, checked and with the family's defaults
 * filled in, so that the engine meets no absent value and no number out of bounds.
 *
 * @param family the model family
 * @param vocabularySize rows of the embedding
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the gated MLP
 * @param layers decoder layers
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim dimensions of a head, even; {@code heads * headDim} may differ from hiddenSize
 * @param maxPosition the longest sequence, in tokens
 * @param rmsNormEps the epsilon of every RMS norm
 * @param rope rotary embeddings
 * @param slidingWindow how many tokens back a token sees, itself included, on every layer; null for
 *     all of them
 * @param attentionBias whether q, k and v projections have a bias
 * @param outputBias whether the output projection of attention has one
 * @param mlpBias whether the projections of the MLP have one
 * @param qkNorm whether q and k pass an RMS norm per head before the rotation
 * @param tiedEmbeddings whether the output head is the embedding, and no lm_head.weight exists
 * @param dtype the type the checkpoint was saved in, null where config.json does not say
 * @param bosTokens ids of config.json that begin a text; mostly none or one
 * @param eosTokens ids of config.json that end one
 */
public record DecoderConfig(
    Family family,
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int maxPosition,
    double rmsNormEps,
    Rope rope,
    @Nullable Integer slidingWindow,
    boolean attentionBias,
    boolean outputBias,
    boolean mlpBias,
    boolean qkNorm,
    boolean tiedEmbeddings,
    @Nullable DType dtype,
    List<Integer> bosTokens,
    List<Integer> eosTokens) {

  /** Copies the lists. */
  public DecoderConfig {
    bosTokens = List.copyOf(bosTokens);
    eosTokens = List.copyOf(eosTokens);
  }

  /** The same for sequences no longer than so many tokens; 0 leaves the checkpoint's own limit. */
  public DecoderConfig withMaxPosition(int tokens) {
    if (tokens == 0 || tokens >= maxPosition) {
      return this;
    }
    return new DecoderConfig(
        family,
        vocabularySize,
        hiddenSize,
        intermediateSize,
        layers,
        heads,
        kvHeads,
        headDim,
        tokens,
        rmsNormEps,
        rope,
        slidingWindow,
        attentionBias,
        outputBias,
        mlpBias,
        qkNorm,
        tiedEmbeddings,
        dtype,
        bosTokens,
        eosTokens);
  }

  /**
   * Reads {@code config.json} of a checkpoint folder, as transformers 4 or 5 wrote it. Errors name
   * file and field; {@code CHECKPOINT_UNSUPPORTED} lists what is supported.
   */
  public static DecoderConfig read(Path folder) {
    return DecoderConfigReader.read(folder.resolve("config.json"));
  }
}
