package dev.outcrop.bench.scenario;

/**
 * How many tokens the server counts for text of {@link Words}, found by asking it twice. So prompts
 * get about the length that is wanted without the model's tokenizer; what they had is what the
 * server tells in the end.
 *
 * @param overhead tokens of a prompt with no words: template and what {@link Words#unique} adds
 * @param perWord tokens of a word
 */
public record TextScale(double overhead, double perWord) {
  /** One token a word, nothing else. */
  public static final TextScale PLAIN = new TextScale(0, 1);

  /**
   * The scale of a server that counted the tokens of two prompts.
   *
   * @param fewWords words of one
   * @param few its tokens
   * @param manyWords words of the other
   * @param many its tokens
   */
  public static TextScale of(int fewWords, int few, int manyWords, int many) {
    double perWord = Math.max(0.1, (double) (many - few) / (manyWords - fewWords));
    return new TextScale(Math.max(0, few - perWord * fewWords), perWord);
  }

  /** Words of a whole prompt of so many tokens, at least one. */
  int wordsOfPrompt(double tokens) {
    return wordsOf(tokens - overhead);
  }

  /** Words that are so many tokens, at least one. */
  int wordsOf(double tokens) {
    return (int) Math.max(1, Math.round(tokens / perWord));
  }
}
