package dev.outcrop.models.loading;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.text.ChatTemplate;
import java.nio.file.Path;

/**
 * What a checkpoint is.
 *
 * @param family the family by its config.json name, such as {@code llama}
 * @param parameters weights, tied ones counted once
 * @param checkpointBytes bytes of all tensors in the files
 * @param storedDtype the type most weights are stored in
 * @param computeDtype the type they are computed in
 * @param layers decoder layers
 * @param hiddenSize width of the residual stream
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param vocabularySize rows of the embedding
 * @param contextTokens the longest sequence
 * @param kvBytesPerToken KV of one token over all layers, in bytes
 * @param toolFormat how it writes tool calls, by its chat template; {@code none} if unknown
 * @param reasoningFormat how it writes reasoning, in the same way
 */
public record ModelInfo(
    String family,
    long parameters,
    long checkpointBytes,
    String storedDtype,
    String computeDtype,
    int layers,
    int hiddenSize,
    int heads,
    int kvHeads,
    int vocabularySize,
    int contextTokens,
    long kvBytesPerToken,
    String toolFormat,
    String reasoningFormat) {
  /**
   * What a decoder is.
   *
   * @param folder has its chat template
   * @param kvNumberBytes bytes of a number of K or V
   */
  static ModelInfo of(
      DecoderConfig config,
      Path folder,
      long parameters,
      long checkpointBytes,
      String storedDtype,
      String computeDtype,
      int kvNumberBytes) {
    CompletionFormat format =
        CompletionFormat.of(config.family().modelType(), ChatTemplate.source(folder));
    return new ModelInfo(
        config.family().modelType(),
        parameters,
        checkpointBytes,
        storedDtype,
        computeDtype,
        config.layers().size(),
        config.hiddenSize(),
        config.attention().heads(),
        config.attention().kvHeads(),
        config.vocabularySize(),
        config.maxPosition(),
        config.kvNumbersPerToken() * kvNumberBytes,
        format.tools().word(),
        format.reasoning().word());
  }
}
