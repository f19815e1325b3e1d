package dev.outcrop.models.text;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the files of a checkpoint say about chat templates, in the order in which transformers
 * looks.
 *
 * @param chat the template
 * @param toolUse another one for requests with tools, where the checkpoint has one
 * @param specialTokens names such as bos_token and their text
 */
record TemplateFiles(String chat, @Nullable String toolUse, Map<String, String> specialTokens) {
  private static final long MAX_BYTES = 64L << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  static TemplateFiles read(Path folder) {
    JsonNode config = json(folder.resolve("tokenizer_config.json"));
    Map<String, String> tokens = new HashMap<>();
    addTokens(tokens, json(folder.resolve("special_tokens_map.json")));
    addTokens(tokens, config);

    Path ownFile = folder.resolve("chat_template.jinja");
    if (Files.exists(ownFile)) {
      Path toolFile = folder.resolve("additional_chat_templates").resolve("tool_use.jinja");
      return new TemplateFiles(
          text(ownFile), Files.exists(toolFile) ? text(toolFile) : null, tokens);
    }
    JsonNode entry = config.path("chat_template");
    if (entry.isMissingNode() || entry.isNull()) {
      entry = json(folder.resolve("chat_template.json")).path("chat_template");
    }
    if (entry.isTextual()) {
      return new TemplateFiles(entry.textValue(), null, tokens);
    }
    Map<String, String> named = new HashMap<>();
    if (entry.isArray()) {
      entry.forEach(one -> named.put(one.path("name").asText(), one.path("template").asText()));
    } else if (entry.isObject()) {
      entry.properties().forEach(one -> named.put(one.getKey(), one.getValue().asText()));
    }
    String chat = named.get("default");
    if (chat == null) {
      throw new OutcropException(
          ModelError.CHECKPOINT_INVALID,
          "the checkpoint has no chat template: neither chat_template.jinja, nor 'chat_template'"
              + " in tokenizer_config.json or chat_template.json");
    }
    return new TemplateFiles(chat, named.get("tool_use"), tokens);
  }

  private static void addTokens(Map<String, String> tokens, JsonNode config) {
    config
        .properties()
        .forEach(
            entry -> {
              JsonNode token = entry.getValue();
              JsonNode text = token.isObject() ? token.path("content") : token;
              if (entry.getKey().endsWith("_token") && text.isTextual()) {
                tokens.put(entry.getKey(), text.textValue());
              }
            });
  }

  private static JsonNode json(Path file) {
    if (!Files.exists(file)) {
      return JSON.createObjectNode();
    }
    try {
      return JSON.readTree(text(file));
    } catch (JacksonException malformed) {
      throw new OutcropException(
          ModelError.CHECKPOINT_INVALID, file.getFileName() + " is not valid JSON", malformed);
    }
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new OutcropException(
            ModelError.CHECKPOINT_INVALID, file.getFileName() + " is larger than 64 MiB");
      }
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new OutcropException(
          ModelError.CHECKPOINT_INVALID, file.getFileName() + " cannot be read", unreadable);
    }
  }
}
