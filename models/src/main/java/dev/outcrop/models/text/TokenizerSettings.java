package dev.outcrop.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.outcrop.models.files.CheckpointFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What tokenizer_config.json and special_tokens_map.json say about a tokenizer; both files may be
 * absent.
 *
 * @param addedTokens added tokens, whose flags go before those of tokenizer.json
 * @param bosToken the token that begins a text, for templates
 * @param eosToken the token that ends one
 * @param padToken the token that fills up batches
 * @param unkToken the token of unknown characters
 * @param namedTokens these and all others that are called special
 */
record TokenizerSettings(
    List<AddedToken> addedTokens,
    @Nullable String bosToken,
    @Nullable String eosToken,
    @Nullable String padToken,
    @Nullable String unkToken,
    Set<String> namedTokens) {

  private static final long MAX_BYTES = 16L << 20;

  static TokenizerSettings read(Path folder) {
    Path configFile = folder.resolve("tokenizer_config.json");
    JsonNode config = optional(configFile);
    JsonNode map = optional(folder.resolve("special_tokens_map.json"));
    List<AddedToken> added = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : config.path("added_tokens_decoder").properties()) {
      added.add(
          TokenizerFile.addedToken(configFile, id(configFile, entry.getKey()), entry.getValue()));
    }
    Set<String> named = new LinkedHashSet<>();
    for (String key : List.of("bos_token", "eos_token", "pad_token", "unk_token", "sep_token")) {
      String token = token(config, map, key);
      if (token != null) {
        named.add(token);
      }
    }
    for (JsonNode source : List.of(config, map)) {
      for (String key : List.of("additional_special_tokens", "extra_special_tokens")) {
        source
            .path(key)
            .forEach(
                token -> {
                  String content = content(token);
                  if (content != null) {
                    named.add(content);
                  }
                });
      }
    }
    return new TokenizerSettings(
        added,
        token(config, map, "bos_token"),
        token(config, map, "eos_token"),
        token(config, map, "pad_token"),
        token(config, map, "unk_token"),
        named);
  }

  private static JsonNode id(Path file, String key) {
    try {
      return IntNode.valueOf(Integer.parseInt(key));
    } catch (NumberFormatException e) {
      throw CheckpointFile.invalid(
          file, "added_tokens_decoder has the key '%s'".formatted(CheckpointFile.show(key)));
    }
  }

  private static JsonNode optional(Path file) {
    return Files.exists(file) ? CheckpointFile.object(file, MAX_BYTES) : MissingNode.getInstance();
  }

  private static @Nullable String token(JsonNode config, JsonNode map, String key) {
    return content(config.has(key) ? config.path(key) : map.path(key));
  }

  private static @Nullable String content(JsonNode token) {
    JsonNode content = token.isObject() ? token.path("content") : token;
    return content.isTextual() ? content.textValue() : null;
  }
}
