package dev.outcrop.models.arch;

import dev.outcrop.models.files.Fields;
import dev.outcrop.models.weights.DType;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What config.json says about a decoder, checked and with the family's defaults filled in, so that
 * the engine meets no absent value and no number out of bounds. The engine's program is put
 * together from these parts; the family itself is for messages only.
 *
 * @param family the model family
 * @param vocabularySize rows of the embedding
 * @param hiddenSize width of the residual stream
 * @param maxPosition the longest sequence, in tokens
 * @param attention attention
 * @param norms the norms of the residual stream
 * @param layers the layers, at least one
 * @param scales factors outside of attention
 * @param tiedEmbeddings whether the output head is the embedding, and no lm_head.weight exists
 * @param dtype the type the checkpoint was saved in, null where config.json does not say
 * @param bosTokens ids of config.json that begin a text; mostly none or one
 * @param eosTokens ids of config.json that end one
 * @param packed how linear layers are stored that were quantised before, null where none were
 */
public record DecoderConfig(
    Family family,
    int vocabularySize,
    int hiddenSize,
    int maxPosition,
    Attention attention,
    Norms norms,
    List<Layer> layers,
    Scales scales,
    boolean tiedEmbeddings,
    @Nullable DType dtype,
    List<Integer> bosTokens,
    List<Integer> eosTokens,
    @Nullable PackedWeights packed) {

  /** Copies the lists. */
  public DecoderConfig {
    layers = List.copyOf(layers);
    bosTokens = List.copyOf(bosTokens);
    eosTokens = List.copyOf(eosTokens);
  }

  /** A Llama with embeddings that are not tied, for measurements and tests. */
  public static DecoderConfig llama(
      int vocabulary, int hidden, int maxPosition, Attention attention, int layers, int width) {
    Mlp mlp = new Mlp.Gated(width, Activation.SILU, false, false);
    return new DecoderConfig(
        Family.LLAMA,
        vocabulary,
        hidden,
        maxPosition,
        attention,
        new Norms(Norms.Kind.RMS, 1e-5, Norms.Place.BEFORE, false),
        Collections.nCopies(layers, new Layer(null, new Rope.Default(10_000), mlp)),
        Scales.NONE,
        false,
        null,
        List.of(),
        List.of(),
        null);
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
        tokens,
        attention,
        norms,
        layers,
        scales,
        tiedEmbeddings,
        dtype,
        bosTokens,
        eosTokens,
        packed);
  }

  /** Numbers that a token's K and V are, over all layers. */
  public long kvNumbersPerToken() {
    return 2L * layers.size() * attention.kvHeads() * attention.headDim();
  }

  /**
   * Which form rotary embeddings take for a sequence that may come to so many tokens, see {@link
   * Rope#form}.
   */
  public int ropeForm(int tokens) {
    for (Layer layer : layers) {
      if (layer.rope() != null && layer.rope().hasForms()) {
        return layer.rope().form(tokens);
      }
    }
    return 0;
  }

  /**
   * Reads {@code config.json} of a checkpoint folder, as transformers 4 or 5 wrote it. Errors name
   * file and field; {@code CHECKPOINT_UNSUPPORTED} lists what is supported.
   */
  public static DecoderConfig read(Path folder) {
    return DecoderConfigReader.read(Fields.read(folder.resolve("config.json")));
  }

  /** The same of a {@code config.json} that is at hand; the name is for errors. */
  public static DecoderConfig parse(String name, byte[] json) {
    return DecoderConfigReader.read(Fields.parse(Path.of(name), json));
  }
}
