package dev.outcrop.models.loading;

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
    String reasoningFormat) {}
