package dev.outcrop.serving.bedrock;

import dev.outcrop.serving.generate.Generation;

/**
 * A Converse or ConverseStream request, checked.
 *
 * @param generation what to generate
 * @param report what the answer tells besides
 */
record ConverseRequest(Generation generation, Report report) {
  /**
   * What an answer tells only where the request asks for it.
   *
   * @param cache whether a cachePoint was set, so that usage tells cached tokens apart
   * @param latency whether a latency was named, so that the answer names the one it had
   * @param stopSequence whether the stop sequence met is asked for
   */
  record Report(boolean cache, boolean latency, boolean stopSequence) {}
}
