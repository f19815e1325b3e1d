package dev.outcrop.serving.bedrock;

import dev.outcrop.serving.generate.Generation;

/**
 * A Converse or ConverseStream request, checked.
 *
 * @param generation what to generate
 * @param reportCache whether a cachePoint was set, so that usage tells cached tokens apart
 * @param reportStopSequence whether the stop sequence met is to be reported
 */
record ConverseRequest(Generation generation, boolean reportCache, boolean reportStopSequence) {}
