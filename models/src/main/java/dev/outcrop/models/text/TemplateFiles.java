package dev.outcrop.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.outcrop.models.files.CheckpointFile;
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
record TemplateFiles(Source chat, @Nullable Source toolUse, Map<String, String> specialTokens) {
  /**
   * A template.
   *
   * @param file where it stands, for messages
   * @param text the template itself
   */
  record Source(Path file, String text) {
    static Source read(Path file) {
      return new Source(file, CheckpointFile.text(file, MAX_TEMPLATE_BYTES));
    }
  }

  private static final long MAX_CONFIG_BYTES = 64L << 20;
  private static final long MAX_TEMPLATE_BYTES = 4L << 20;

  static TemplateFiles read(Path folder) {
    TemplateFiles files = find(folder);
    if (files == null) {
      throw CheckpointFile.invalid(
          folder,
          "has no chat template: neither chat_template.jinja, nor 'chat_template' in"
              + " tokenizer_config.json or chat_template.json");
    }
    return files;
  }

  /** Null where there is no template. */
  static @Nullable TemplateFiles find(Path folder) {
    Path configFile = folder.resolve("tokenizer_config.json");
    JsonNode config = json(configFile);
    Map<String, String> tokens = new HashMap<>();
    addTokens(tokens, json(folder.resolve("special_tokens_map.json")));
    addTokens(tokens, config);

    Path ownFile = folder.resolve("chat_template.jinja");
    if (Files.exists(ownFile)) {
      Path toolFile = folder.resolve("additional_chat_templates").resolve("tool_use.jinja");
      return new TemplateFiles(
          Source.read(ownFile), Files.exists(toolFile) ? Source.read(toolFile) : null, tokens);
    }
    Path file = configFile;
    JsonNode entry = config.path("chat_template");
    if (entry.isMissingNode() || entry.isNull()) {
      file = folder.resolve("chat_template.json");
      entry = json(file).path("chat_template");
    }
    if (entry.isTextual()) {
      return new TemplateFiles(new Source(file, entry.textValue()), null, tokens);
    }
    Map<String, String> named = new HashMap<>();
    if (entry.isArray()) {
      entry.forEach(one -> named.put(one.path("name").asText(), one.path("template").asText()));
    } else if (entry.isObject()) {
      entry.properties().forEach(one -> named.put(one.getKey(), one.getValue().asText()));
    }
    String chat = named.get("default");
    if (chat == null) {
      return null;
    }
    String toolUse = named.get("tool_use");
    return new TemplateFiles(
        new Source(file, chat), toolUse == null ? null : new Source(file, toolUse), tokens);
  }

  /** The template for requests with tools. */
  Source forTools() {
    return toolUse == null ? chat : toolUse;
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
    return Files.exists(file)
        ? CheckpointFile.object(file, MAX_CONFIG_BYTES)
        : JsonNodeFactory.instance.objectNode();
  }
}
