package dev.outcrop.models.arch;

import dev.outcrop.models.files.Fields;
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
 * @param temperature divisor of the logits, 0 to 100; 0 means greedy
 * @param topP mass of likely tokens kept, above 0 and at most 1
 * @param topK number of likely tokens kept, 0 for all, which is also what a null in the file means
 * @param minP least probability kept, relative to the most likely, 0 to 1
 * @param repetitionPenalty penalty of tokens seen, above 0 and at most 100
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

  /**
   * Reads {@code generation_config.json} of a checkpoint folder; a missing file is no error.
   *
   * @throws dev.outcrop.models.OutcropException CHECKPOINT_INVALID for a value out of its range,
   *     with the file and the field
   */
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
        positive(fields, "top_p", 1),
        fields.mentions("top_k") ? (Integer) fields.integer("top_k", 0, MAX_TOP_K, 0) : null,
        number(fields, "min_p", 1),
        positive(fields, "repetition_penalty", 100));
  }

  private static @Nullable Double positive(Fields fields, String name, double high) {
    Double number = number(fields, name, high);
    if (number != null && number == 0) {
      throw fields.invalid(name, "is 0, must be a number above 0 and at most " + high);
    }
    return number;
  }

  private static @Nullable Double number(Fields fields, String name, double high) {
    return fields.has(name) ? (Double) fields.number(name, 0, high) : null;
  }
}
