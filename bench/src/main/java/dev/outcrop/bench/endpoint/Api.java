package dev.outcrop.bench.endpoint;

/** The APIs that a load can be sent by. */
public enum Api {
  /** Bedrock's ConverseStream. */
  CONVERSE,
  /** OpenAI's chat completions, as many servers have them. */
  OPENAI
}
