package dev.outcrop.serving.generate;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.text.StopStrings;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.json.Fields;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads what every API's requests have alike: sampling, stop sequences, names of tools. */
public final class RequestFields {
  private static final Pattern TOOL_NAME = Pattern.compile("[a-zA-Z0-9_-]+");
  private static final int MAX_TOOL_NAME = 64;

  /** The most tokens that top-k may keep. */
  public static final int MAX_TOP_K = 1_000_000;

  /** Nothing has a probability mass of 0; with this the most likely token is left. */
  private static final double LEAST_TOP_P = 1e-6;

  private RequestFields() {}

  /**
   * Reads how to choose tokens.
   *
   * @param fields where temperature and top p are
   * @param topP the name of top p
   * @param maxTemperature the highest temperature the API knows
   * @param more where everything else is, by its usual names
   * @param seed the seed where the request names none
   * @param logprobs alternatives to report for each token, -1 for no log probabilities
   */
  public static Sampling sampling(
      Fields fields,
      String topP,
      double maxTemperature,
      Fields more,
      SamplingDefaults defaults,
      long seed,
      int logprobs) {
    return new Sampling(
        fields.number("temperature", 0, maxTemperature, defaults.temperature()),
        more.integer("top_k", 0, MAX_TOP_K, defaults.topK()),
        Math.max(LEAST_TOP_P, fields.number(topP, 0, 1, defaults.topP())),
        more.number("min_p", 0, 1, defaults.minP()),
        more.number("repetition_penalty", 0.01, 10, defaults.repetitionPenalty()),
        more.number("presence_penalty", -2, 2, 0),
        more.number("frequency_penalty", -2, 2, 0),
        more.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE, seed),
        logprobs);
  }

  /** Reads stop sequences. */
  public static List<String> stops(Fields fields, String name, LimitsConfig limits) {
    List<String> stops =
        fields.strings(name, limits.maxStopSequences(), 1, limits.maxStopSequenceLength());
    int characters = stops.stream().mapToInt(String::length).sum();
    if (characters > StopStrings.MAX_CHARACTERS) {
      throw fields.bad(
          name,
          "must have at most %d characters in all, has %d"
              .formatted(StopStrings.MAX_CHARACTERS, characters));
    }
    for (int i = 0; i < stops.size(); i++) {
      requireWhole(fields, name + "." + i, stops.get(i));
    }
    return stops;
  }

  /** Reads the one stop sequence that a member holds. */
  public static String stop(Fields fields, String name, LimitsConfig limits) {
    String stop = fields.string(name, 1, limits.maxStopSequenceLength());
    requireWhole(fields, name, stop);
    return stop;
  }

  /** Half a surrogate pair would cut a character in two, and no text may end in half of one. */
  private static void requireWhole(Fields fields, String name, String stop) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(stop)) {
      throw fields.bad(name, "must hold whole characters, no half of a surrogate pair");
    }
  }

  /** Reads a service tier, or null where the request names none. */
  public static @Nullable Tier tier(Fields fields, String name) {
    String word = fields.choiceOrNull(name, Stream.of(Tier.values()).map(Tier::word).toList());
    return word == null ? null : Tier.of(word).orElseThrow();
  }

  /** Reads the name of a tool. */
  public static String toolName(Fields fields, String name) {
    return toolName(fields, name, MAX_TOOL_NAME);
  }

  /** Reads the name of a tool where it may be longer than usual. */
  public static String toolName(Fields fields, String name, int max) {
    String value = fields.string(name, 1, max);
    if (!TOOL_NAME.matcher(value).matches()) {
      throw fields.bad(name, "must match " + TOOL_NAME);
    }
    return value;
  }
}
