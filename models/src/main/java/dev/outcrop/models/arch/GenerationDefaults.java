package dev.outcrop.models.arch;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What generation_config.json wants used where a request says nothing. A field is null where the
 * file does not say; without the file all are, and the ids are those of config.json.
 *
 * @param eosTokens ids that end a text
 * @param sample whether to draw tokens; false means greedy
 * @param temperature divisor of the logits
 * @param topP mass of likely tokens kept
 * @param topK number of likely tokens kept, 0 for all
 * @param minP least probability kept, relative to the most likely
 * @param repetitionPenalty penalty of tokens seen
 */
public record GenerationDefaults(
    List<Integer> eosTokens,
    @Nullable Boolean sample,
    @Nullable Double temperature,
    @Nullable Double topP,
    @Nullable Integer topK,
    @Nullable Double minP,
    @Nullable Double repetitionPenalty) {

  private static final int MAX_TOP_K = 1 << 24;

  /** Copies the list. */
  public GenerationDefaults {
    eosTokens = List.copyOf(eosTokens);
  }

  /** Reads {@code generation_config.json} of a checkpoint folder; a missing file is no error. */
  public static GenerationDefaults read(Path folder, DecoderConfig config) {
    Path file = folder.resolve("generation_config.json");
    if (!Files.exists(file)) {
      return new GenerationDefaults(config.eosTokens(), null, null, null, null, null, null);
    }
    Fields fields = Fields.read(file);
    List<Integer> eos = fields.ids("eos_token_id", config.vocabularySize() - 1);
    return new GenerationDefaults(
        eos.isEmpty() ? config.eosTokens() : eos,
        fields.has("do_sample") ? (Boolean) fields.flag("do_sample", false) : null,
        number(fields, "temperature", 100),
        number(fields, "top_p", 1),
        fields.has("top_k") ? (Integer) fields.integer("top_k", 0, MAX_TOP_K) : null,
        number(fields, "min_p", 1),
        number(fields, "repetition_penalty", 100));
  }

  private static @Nullable Double number(Fields fields, String name, double high) {
    return fields.has(name) ? (Double) fields.number(name, 0, high) : null;
  }
}
