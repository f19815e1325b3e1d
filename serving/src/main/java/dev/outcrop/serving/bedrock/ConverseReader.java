package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the body of Converse and ConverseStream (bedrock-runtime 2023-09-30). */
final class ConverseReader {
  private static final Set<String> KNOWN_MODEL_FIELDS =
      Set.of(
          "top_k",
          "min_p",
          "seed",
          "repetition_penalty",
          "presence_penalty",
          "frequency_penalty",
          "enable_thinking");
  private static final int MAX_PATHS = 10;
  private static final int MAX_METADATA = 16;
  private static final Pattern METADATA = Pattern.compile("[a-zA-Z0-9\\s:_@$#=/+,.-]*");

  private final Json json;
  private final LimitsConfig limits;

  ConverseReader(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  /**
   * Reads a body.
   *
   * @param seed the seed where the body names none
   */
  ConverseRequest read(ObjectNode body, SamplingDefaults defaults, long seed) {
    Fields fields = Fields.of(body);
    refuseUnsupported(fields);
    Tier tier = ServiceOptions.read(fields);
    checkMetadata(fields);
    ToolsReader.Tools tools = new ToolsReader(json, limits).read(fields.objectOrNull("toolConfig"));
    MessagesReader messages = new MessagesReader(json, limits, tools.configured());
    List<ChatMessage> chat = new ArrayList<>();
    boolean cachePoint = messages.system(fields, chat);
    cachePoint |= messages.conversation(fields, chat);
    Fields inference = fields.objectOrNull("inferenceConfig");
    Fields more = fields.objectOrNull("additionalModelRequestFields");
    Generation generation =
        new Generation(
            new Generation.Chat(chat, tools.definitions(), variables(more)),
            maxTokens(inference),
            sampling(inference, more, defaults, seed),
            stopSequences(inference),
            tier);
    return new ConverseRequest(
        generation, cachePoint || tools.cachePoint(), wantsStopSequence(fields));
  }

  private static void refuseUnsupported(Fields fields) {
    if (fields.has("guardrailConfig")) {
      throw Fields.unsupported("guardrailConfig is not supported by this server.");
    }
    if (fields.has("promptVariables")) {
      throw Fields.unsupported("promptVariables is not supported by this server.");
    }
    Fields output = fields.objectOrNull("outputConfig");
    if (output != null && !output.names().isEmpty()) {
      throw Fields.unsupported(
          output.path(output.names().getFirst()) + " is not supported by this server.");
    }
  }

  private static void checkMetadata(Fields fields) {
    Fields metadata = fields.objectOrNull("requestMetadata");
    if (metadata == null) {
      return;
    }
    List<String> names = metadata.names();
    if (names.isEmpty() || names.size() > MAX_METADATA) {
      throw fields.bad(
          "requestMetadata", "must hold between 1 and %d entries".formatted(MAX_METADATA));
    }
    for (String name : names) {
      if (name.isEmpty()
          || name.length() > 256
          || !METADATA.matcher(name).matches()
          || !METADATA.matcher(metadata.string(name, 0, 256)).matches()) {
        throw fields.bad("requestMetadata", "has a key or value that is not allowed");
      }
    }
  }

  private static boolean wantsStopSequence(Fields fields) {
    return fields
        .strings("additionalModelResponseFieldPaths", MAX_PATHS, 1, 256)
        .contains("/stop_sequence");
  }

  private static int maxTokens(@Nullable Fields inference) {
    return inference == null
        ? GenerateRequest.AS_MANY_AS_FIT
        : inference.integer("maxTokens", 1, Integer.MAX_VALUE, GenerateRequest.AS_MANY_AS_FIT);
  }

  private List<String> stopSequences(@Nullable Fields inference) {
    return inference == null ? List.of() : RequestFields.stops(inference, "stopSequences", limits);
  }

  private static Sampling sampling(
      @Nullable Fields inference, @Nullable Fields more, SamplingDefaults defaults, long seed) {
    Fields base = inference == null ? Fields.of(Json.object()) : inference;
    Fields extra = more == null ? Fields.of(Json.object()) : more;
    RequestFields.refuseExtraneous(extra, KNOWN_MODEL_FIELDS::contains);
    return RequestFields.sampling(base, "topP", 1, extra, defaults, seed, -1);
  }

  private static Map<String, @Nullable Object> variables(@Nullable Fields more) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    if (more != null && more.has("enable_thinking")) {
      variables.put("enable_thinking", more.bool("enable_thinking", true));
    }
    return variables;
  }
}
