package dev.outcrop.serving.http;

import java.util.List;

/** Whose API a path belongs to; errors and request ids have the shape of that API. */
enum Surface {
  /** Amazon Bedrock, and whatever is no path of ours. */
  BEDROCK,
  /** The paths under which Bedrock speaks OpenAI's API. */
  OPENAI;

  private static final List<String> OPENAI_PREFIXES = List.of("/openai/v1/", "/v1/");

  /**
   * The API of a path.
   *
   * @param rawPath as it came, still percent-encoded
   */
  static Surface of(String rawPath) {
    return OPENAI_PREFIXES.stream().anyMatch(rawPath::startsWith) ? OPENAI : BEDROCK;
  }
}
