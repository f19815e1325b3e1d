package dev.outcrop.models.arch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.files.CheckpointFile;
import dev.outcrop.models.files.Fields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the files of sentence-transformers say about an embedding model: {@code modules.json}, the
 * pooling's own {@code config.json}, and where it truncates texts.
 *
 * @param pooling how the states of a text's tokens become one vector
 * @param normalize whether the vector is then scaled to length 1
 * @param maxTokens the longest text, where the files say
 */
public record SentenceModules(Pooling pooling, boolean normalize, OptionalInt maxTokens) {
  private static final long MAX_BYTES = 1_000_000;
  private static final int MAX_TOKENS = 1 << 20;
  private static final String FILE = "modules.json";

  /** Whether a folder was written by sentence-transformers. */
  public static boolean existIn(Path folder) {
    return Files.exists(folder.resolve(FILE));
  }

  /**
   * Reads a folder. Where there is no modules.json the mean of all tokens is taken, not scaled, as
   * sentence-transformers does then.
   */
  public static SentenceModules read(Path folder) {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return new SentenceModules(Pooling.MEAN, false, maxTokens(folder));
    }
    Pooling pooling = null;
    boolean normalize = false;
    boolean first = true;
    for (JsonNode module : CheckpointFile.array(file, MAX_BYTES)) {
      String type = module.path("type").asText();
      switch (type.substring(type.lastIndexOf('.') + 1)) {
        case "Transformer" -> {
          if (!first || !module.path("path").asText().isEmpty()) {
            throw unsupported(file, "a Transformer that is not the first module, or has a folder");
          }
        }
        case "Pooling" -> pooling = pooling(folder(folder, file, module));
        case "Normalize" -> normalize = true;
        default -> throw unsupported(file, "the module " + CheckpointFile.show(type));
      }
      if (normalize && pooling == null) {
        throw unsupported(file, "Normalize before Pooling");
      }
      first = false;
    }
    if (pooling == null) {
      throw unsupported(file, "no Pooling");
    }
    return new SentenceModules(pooling, normalize, maxTokens(folder));
  }

  /**
   * The texts that the model was trained to have in front, by the names that its author gave them,
   * such as {@code query} and {@code document}; empty where the files name none.
   */
  public static Map<String, String> prompts(Path folder) {
    Path file = folder.resolve("config_sentence_transformers.json");
    Map<String, String> prompts = new LinkedHashMap<>();
    if (Files.exists(file)) {
      JsonNode named = CheckpointFile.object(file, MAX_BYTES).path("prompts");
      for (Map.Entry<String, JsonNode> prompt : named.properties()) {
        if (!prompt.getValue().isTextual()) {
          throw CheckpointFile.invalid(file, "prompts holds what is no text");
        }
        prompts.put(prompt.getKey(), prompt.getValue().textValue());
      }
    }
    return prompts;
  }

  private static OutcropException unsupported(Path file, String found) {
    return new OutcropException(
        ModelError.CHECKPOINT_UNSUPPORTED,
        "%s: has %s; supported: Transformer, Pooling, and Normalize or not".formatted(file, found));
  }

  /** A module's folder, which must not lead out of the checkpoint. */
  private static Path folder(Path folder, Path file, JsonNode module) {
    String name = module.path("path").asText();
    if (!name.matches("[A-Za-z0-9_-]{1,100}")) {
      throw CheckpointFile.invalid(
          file, "names the folder '%s'".formatted(CheckpointFile.show(name)));
    }
    return folder.resolve(name);
  }

  /** The files name what the author truncated at; some tokenizers name a number without meaning. */
  private static OptionalInt maxTokens(Path folder) {
    OptionalInt own = limit(folder.resolve("sentence_bert_config.json"), "max_seq_length");
    OptionalInt tokenizer = limit(folder.resolve("tokenizer_config.json"), "model_max_length");
    return IntStream.concat(own.stream(), tokenizer.stream()).min();
  }

  private static OptionalInt limit(Path file, String name) {
    if (!Files.exists(file)) {
      return OptionalInt.empty();
    }
    Fields fields = Fields.read(file);
    double limit = fields.number(name, 1, Double.MAX_VALUE, Double.MAX_VALUE);
    return limit <= MAX_TOKENS
        ? OptionalInt.of(fields.integer(name, 1, MAX_TOKENS))
        : OptionalInt.empty();
  }

  private static Pooling pooling(Path folder) {
    Fields fields = Fields.read(folder.resolve("config.json"));
    Map<String, @Nullable Pooling> modes = new LinkedHashMap<>();
    modes.put("pooling_mode_cls_token", Pooling.CLS);
    modes.put("pooling_mode_mean_tokens", Pooling.MEAN);
    modes.put("pooling_mode_lasttoken", Pooling.LAST);
    for (String name :
        List.of(
            "pooling_mode_max_tokens",
            "pooling_mode_mean_sqrt_len_tokens",
            "pooling_mode_weightedmean_tokens")) {
      modes.put(name, null);
    }
    // sentence-transformers 5 has a flag per mode, 6 a name.
    if (fields.has("pooling_mode")) {
      String mode = fields.text("pooling_mode", "");
      return switch (mode) {
        case "cls" -> Pooling.CLS;
        case "mean" -> Pooling.MEAN;
        case "lasttoken" -> Pooling.LAST;
        default -> throw fields.unsupported("pooling_mode", mode, "cls, mean, lasttoken");
      };
    }
    List<String> on = modes.keySet().stream().filter(mode -> fields.flag(mode, false)).toList();
    Pooling pooling = on.size() == 1 ? modes.get(on.getFirst()) : null;
    if (pooling == null) {
      throw fields.unsupported("pooling mode", on.toString(), "one of cls, mean, lasttoken");
    }
    return pooling;
  }
}
