package dev.outcrop.batching.loop;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.models.engine.KvGeometry;

/** Whether a request can ever run, known from its size alone. */
sealed interface Fit {
  /** It can, and generates at most this many tokens. */
  record Fits(int maxTokens) implements Fit {}

  /** It never can; the message names the numbers and is safe to show. */
  record Never(String message) implements Fit {}

  /** Only an explicit wish can be impossible; a missing one is clamped to what fits. */
  static Fit of(GenerateRequest request, KvGeometry geometry, BatchingConfig config) {
    int prompt = request.prompt().length;
    int context = geometry.maxContext();
    int arena = geometry.tokens();
    if (prompt > config.maxWaitingTokens()) {
      return new Never(
          "prompt of %d tokens exceeds the queue's limit of %d"
              .formatted(prompt, config.maxWaitingTokens()));
    }
    if (request.maxTokens() != GenerateRequest.AS_MANY_AS_FIT) {
      long total = (long) prompt + request.maxTokens();
      if (total > context) {
        return new Never(
            "prompt of %d tokens and %d to generate exceed the context of %d"
                .formatted(prompt, request.maxTokens(), context));
      }
      if (total > arena) {
        return new Never(
            "prompt of %d tokens and %d to generate exceed the KV cache of %d tokens"
                .formatted(prompt, request.maxTokens(), arena));
      }
      return new Fits(request.maxTokens());
    }
    if (prompt >= context) {
      return new Never(
          "prompt of %d tokens leaves no room to generate in the context of %d"
              .formatted(prompt, context));
    }
    if (prompt >= arena) {
      return new Never(
          "prompt of %d tokens leaves no room to generate in the KV cache of %d tokens"
              .formatted(prompt, arena));
    }
    return new Fits(Math.min(config.defaultMaxTokens(), Math.min(context, arena) - prompt));
  }
}
