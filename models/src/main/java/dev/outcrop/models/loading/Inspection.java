package dev.outcrop.models.loading;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint folder is, as far as its files tell; no weights are loaded. A part is null
 * where the files that it comes from are missing or not understood, or where the kind of model has
 * none.
 *
 * @param kind {@code decoder}, {@code encoder} or {@code unknown}
 * @param family the {@code model_type} of config.json, supported or not
 * @param shape sizes; where config.json is not supported, what it says without any check
 * @param weights weights
 * @param bundle what a bundle was compiled for; null for a checkpoint
 * @param attention what a decoder keeps of a text
 * @param embedding what an encoder, or a decoder that makes embeddings, makes of a text
 * @param text how a decoder writes; null where it makes embeddings
 * @param unsupported why it cannot be served; empty if it can
 * @param limits what it is served without
 */
public record Inspection(
    String kind,
    @Nullable String family,
    @Nullable Shape shape,
    @Nullable Weights weights,
    @Nullable Bundle bundle,
    @Nullable Attention attention,
    @Nullable Embedding embedding,
    @Nullable Text text,
    List<Finding> unsupported,
    List<Finding> limits) {
  /** Copies the lists. */
  public Inspection {
    unsupported = List.copyOf(unsupported);
    limits = List.copyOf(limits);
  }

  /**
   * Looks at a folder, on any thread. What is wrong with it is part of the answer.
   *
   * @param folder the checkpoint
   * @param dtype the type to compute in
   * @throws dev.outcrop.models.OutcropException CHECKPOINT_INVALID where there is no such folder
   */
  public static Inspection of(Path folder, LoadOptions.Dtype dtype) {
    return new Inspector(folder, dtype).inspect();
  }

  /**
   * Sizes of a model.
   *
   * @param layers layers
   * @param hiddenSize width of the residual stream
   * @param heads query heads
   * @param kvHeads key and value heads
   * @param vocabularySize rows of the embedding
   * @param contextTokens the longest sequence
   */
  public record Shape(
      @Nullable Integer layers,
      @Nullable Integer hiddenSize,
      @Nullable Integer heads,
      @Nullable Integer kvHeads,
      @Nullable Integer vocabularySize,
      @Nullable Integer contextTokens) {}

  /**
   * Weights.
   *
   * @param parameters numbers in the files
   * @param checkpointBytes bytes of all tensors in the files
   * @param storedDtype the type most of them are stored in
   * @param computeDtype the type they are computed in
   * @param tiedEmbeddings whether the output head is the embedding; it is then in memory twice
   * @param weightBytes memory that they take once loaded
   */
  public record Weights(
      long parameters,
      long checkpointBytes,
      String storedDtype,
      String computeDtype,
      boolean tiedEmbeddings,
      long weightBytes) {}

  /**
   * What a bundle was compiled for.
   *
   * @param backend neuron, or cpu for a stand-in
   * @param target the kind of instance
   * @param ranks cores that share the weights
   * @param slots sequences at the same time
   * @param prefillTokens tokens of a prompt's chunk
   * @param decodeRows sequences of a step of decodes
   * @param contexts tokens that a step sees of each
   * @param sampling who picks the most likely token, device or host
   * @param versions of what compiled it
   */
  public record Bundle(
      String backend,
      String target,
      int ranks,
      int slots,
      List<Integer> prefillTokens,
      List<Integer> decodeRows,
      List<Integer> contexts,
      String sampling,
      Map<String, String> versions) {
    /** Copies the lists. */
    public Bundle {
      prefillTokens = List.copyOf(prefillTokens);
      decodeRows = List.copyOf(decodeRows);
      contexts = List.copyOf(contexts);
      versions = Collections.unmodifiableMap(new TreeMap<>(versions));
    }
  }

  /**
   * What a decoder keeps of a text.
   *
   * @param rope the kinds of rotary embeddings in its layers
   * @param windowTokens how far back layers with a window see; null where none has one
   * @param windowLayers layers with a window
   * @param kvBytesPerToken KV of one token over all layers
   * @param kvBytesPer1kTokens KV of 1000 tokens
   */
  public record Attention(
      List<String> rope,
      @Nullable Integer windowTokens,
      int windowLayers,
      long kvBytesPerToken,
      long kvBytesPer1kTokens) {
    /** Copies the list. */
    public Attention {
      rope = List.copyOf(rope);
    }
  }

  /**
   * What an encoder makes of a text.
   *
   * @param pooling how the states of the tokens become one vector; null for a classifier
   * @param normalised whether the vector is scaled to length 1; null for a classifier
   * @param labels numbers that a classifier or reranker gives; null for an embedding model
   */
  public record Embedding(
      @Nullable String pooling, @Nullable Boolean normalised, @Nullable Integer labels) {}

  /**
   * How a decoder writes.
   *
   * @param template the files of its chat templates; none if it has no template
   * @param toolFormat how it writes tool calls, by its chat template; {@code none} if unknown
   * @param reasoningFormat how it writes reasoning, in the same way
   */
  public record Text(List<String> template, String toolFormat, String reasoningFormat) {
    /** Copies the list. */
    public Text {
      template = List.copyOf(template);
    }
  }

  /**
   * Something that is not supported.
   *
   * @param what a field of config.json, a file or a part
   * @param why the error, with the file
   */
  public record Finding(String what, String why) {}
}
