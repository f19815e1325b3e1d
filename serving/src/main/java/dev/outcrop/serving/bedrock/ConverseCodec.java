package dev.outcrop.serving.bedrock;

import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;

/** Reads and writes of Converse as the server does them, for the benchmarks that time them. */
public final class ConverseCodec {
  private static final int PADDING = 31; // the middle of 0 to 62
  private static final int MOST_CHARACTERS = 1 << 24;
  private static final SamplingDefaults DEFAULTS = new SamplingDefaults(1, 0, 1, 0, 1);

  private final Json json = new Json(MOST_CHARACTERS);
  private final EventFrames frames = new EventFrames(json, () -> PADDING);
  private final ConverseReader reader = new ConverseReader(json, LimitsConfig.DEFAULT);

  /** For one thread. */
  public ConverseCodec() {}

  /** The frame of a token's text, with padding of the length that it has on average. */
  public byte[] textDelta(String text) {
    return frames.textDelta(0, text);
  }

  /** Reads a body of Converse whole and checks it. */
  public Generation read(byte[] body) {
    return reader.read(Fields.of(json.object(body)), DEFAULTS, 1).generation();
  }
}
