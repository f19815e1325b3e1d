package dev.outcrop.batching;

import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.models.engine.KvGeometry;

/** Whether a request can ever run, known from its size alone. Safe to use from any thread. */
public sealed interface Fit {
  /**
   * It can.
   *
   * @param maxTokens the most tokens that it generates
   */
  record Fits(int maxTokens) implements Fit {}

  /**
   * It never can.
   *
   * @param message names the numbers and is safe to show
   */
  record Never(Reason reason, String message) implements Fit {}

  /** Only a firm wish can be impossible; any other, or a missing one, is clamped to what fits. */
  static Fit of(GenerateRequest request, KvGeometry geometry, BatchingConfig config) {
    int prompt = request.prompt().length;
    int context = geometry.maxContext();
    int arena = geometry.tokens();
    if (prompt > config.maxWaitingTokens()) {
      return never(
          "prompt of %d tokens exceeds the queue's limit of %d"
              .formatted(prompt, config.maxWaitingTokens()));
    }
    boolean named = request.maxTokens() != GenerateRequest.AS_MANY_AS_FIT;
    if (named && !request.orFewer()) {
      if (request.maxTokens() >= Math.min(context, arena)) {
        return new Never(
            Reason.COMPLETION_NEVER_FITS,
            "%d tokens to generate leave no room for a prompt in the %s of %d"
                .formatted(
                    request.maxTokens(),
                    context <= arena ? "context" : "KV cache",
                    Math.min(context, arena)));
      }
      long total = (long) prompt + request.maxTokens();
      if (total > context) {
        return never(
            "prompt of %d tokens and %d to generate exceed the context of %d"
                .formatted(prompt, request.maxTokens(), context));
      }
      if (total > arena) {
        return never(
            "prompt of %d tokens and %d to generate exceed the KV cache of %d tokens"
                .formatted(prompt, request.maxTokens(), arena));
      }
      return new Fits(request.maxTokens());
    }
    if (prompt >= context) {
      return never(
          "prompt of %d tokens leaves no room to generate in the context of %d"
              .formatted(prompt, context));
    }
    if (prompt >= arena) {
      return never(
          "prompt of %d tokens leaves no room to generate in the KV cache of %d tokens"
              .formatted(prompt, arena));
    }
    int wish = named ? request.maxTokens() : config.defaultMaxTokens();
    return new Fits(Math.min(wish, Math.min(context, arena) - prompt));
  }

  private static Never never(String message) {
    return new Never(Reason.NEVER_FITS, message);
  }
}
