package dev.outcrop.batching;

/**
 * What a request's prompt had to do with the prefix cache.
 *
 * @param readTokens tokens whose KV was there and was reused
 * @param writtenTokens tokens whose KV was not there and is kept for others: those of full units
 */
public record PromptCache(int readTokens, int writtenTokens) {
  /** The prompt was not looked up yet. */
  public static final PromptCache NONE = new PromptCache(0, 0);
}
