package dev.outcrop.models.text;

import static dev.outcrop.models.files.CheckpointFile.invalid;
import static dev.outcrop.models.files.CheckpointFile.show;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a tokenizer.json must not hold, since the native library would end the process over it or
 * fail later.
 */
final class LibraryLimits {
  private static final int MAX_PATTERN_DEPTH = 100;

  private LibraryLimits() {}

  /** Refuses a file with such a part. */
  static void require(Path file, JsonNode root) {
    requireShallowPatterns(file, root.path("normalizer"));
    requireShallowPatterns(file, root.path("pre_tokenizer"));
    requireShallowPatterns(file, root.path("decoder"));
    requireSoundTemplate(file, root.path("post_processor"));
    requirePrefixInMerges(file, root.path("model"));
    requireUnknown(file, root.path("model"));
  }

  /** Without it the file opens, and each text with another character fails. */
  private static void requireUnknown(Path file, JsonNode model) {
    boolean missing =
        switch (model.path("type").asText()) {
          case "Unigram" -> !model.path("unk_id").isInt();
          case "WordPiece" -> !model.path("vocab").has(model.path("unk_token").asText("[UNK]"));
          default -> false;
        };
    if (missing) {
      throw invalid(file, "model has no token for characters that it does not know");
    }
  }

  /** The library cuts the prefix off the right side of each merge without looking. */
  private static void requirePrefixInMerges(Path file, JsonNode model) {
    String prefix = model.path("continuing_subword_prefix").asText("");
    if (prefix.isEmpty() || model.path("continuing_subword_prefix").isNull()) {
      return;
    }
    for (JsonNode merge : model.path("merges")) {
      List<String> sides = TokenizerFile.sides(merge);
      if (sides.size() == 2 && !sides.get(1).startsWith(prefix)) {
        throw invalid(
            file, "model.continuing_subword_prefix does not begin the right side of every merge");
      }
    }
  }

  /** The library compiles patterns by recursion, on the stack of the thread that opens the file. */
  private static void requireShallowPatterns(Path file, JsonNode node) {
    for (JsonNode part : node) {
      requireShallowPatterns(file, part);
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (entry.getKey().equals("Regex") && depth(entry.getValue().asText()) > MAX_PATTERN_DEPTH) {
        throw invalid(
            file, "has a Regex that nests deeper than %d brackets".formatted(MAX_PATTERN_DEPTH));
      }
    }
  }

  private static int depth(String pattern) {
    int depth = 0;
    int deepest = 0;
    for (int i = 0; i < pattern.length(); i++) {
      switch (pattern.charAt(i)) {
        case '(', '[' -> deepest = Math.max(deepest, ++depth);
        case ')', ']' -> depth = Math.max(0, depth - 1);
        default -> {}
      }
    }
    return deepest;
  }

  /** A template that names a token which it does not describe makes the library panic. */
  private static void requireSoundTemplate(Path file, JsonNode processor) {
    processor.path("processors").forEach(part -> requireSoundTemplate(file, part));
    JsonNode tokens = processor.path("special_tokens");
    for (JsonNode token : tokens) {
      JsonNode ids = token.path("ids");
      if (ids.isEmpty() || ids.size() != token.path("tokens").size()) {
        throw invalid(
            file,
            "post_processor.special_tokens has a token whose ids and tokens differ in number");
      }
    }
    for (String template : List.of("single", "pair")) {
      for (JsonNode piece : processor.path(template)) {
        JsonNode id = piece.path("SpecialToken").path("id");
        if (id.isTextual() && !tokens.has(id.textValue())) {
          throw invalid(
              file,
              "post_processor.%s names '%s', which special_tokens has not"
                  .formatted(template, show(id.textValue())));
        }
      }
    }
  }
}
