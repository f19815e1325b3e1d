package dev.outcrop.serving.generate;

/**
 * What holds where a request does not say; usually from the checkpoint's generation config.
 *
 * @param temperature the temperature
 * @param topK the most likely tokens to keep, 0 for all
 * @param topP the probability mass to keep
 * @param minP the least probability kept, relative to the most likely token's, 0 for all
 * @param repetitionPenalty 1 for none
 */
public record SamplingDefaults(
    double temperature, int topK, double topP, double minP, double repetitionPenalty) {}
