package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.json.Malformed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
          "enable_thinking",
          "reasoning_effort");
  private static final String RESPONSE_PATHS = "additionalModelResponseFieldPaths";
  private static final int MAX_PATHS = 10;
  private static final String EFFORT = "reasoning_effort";
  private static final int MAX_SCHEMA = 64 << 10;
  private static final List<String> EFFORTS = List.of("low", "medium", "high");

  /** Above the highest that templates know. */
  private static final List<String> HIGHER_EFFORTS = List.of("xhigh", "max");

  /** What CountTokens takes of a body; the rest does not touch the prompt. */
  private static final List<String> PROMPT =
      List.of("messages", "system", "toolConfig", "additionalModelRequestFields");

  private static final Pattern POINTER = Pattern.compile("(/([^/~]|~[01])*+)+");

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
  ConverseRequest read(Fields fields, SamplingDefaults defaults, long seed) {
    refuseUnsupported(fields);
    ServiceOptions options = ServiceOptions.read(fields);
    RequestMetadata.check(fields);
    CachePoints cachePoints = new CachePoints();
    ToolsReader.Tools tools =
        new ToolsReader(json, limits, cachePoints).read(fields.objectOrNull("toolConfig"));
    MessagesReader messages = new MessagesReader(json, limits, tools.configured(), cachePoints);
    List<ChatMessage> chat = new ArrayList<>();
    messages.system(fields, chat);
    messages.conversation(fields, chat);
    Fields inference = fields.objectOrNull("inferenceConfig");
    Fields more = fields.objectOrNull("additionalModelRequestFields");
    Generation generation =
        new Generation(
            new Generation.Chat(
                chat, tools.definitions(), variables(more, fields.objectOrNull("outputConfig"))),
            maxTokens(inference),
            sampling(inference, more, defaults, seed),
            stopSequences(inference),
            options.tier(),
            Constraint.of(form(fields), tools.calls()));
    return new ConverseRequest(
        generation,
        new ConverseRequest.Report(
            cachePoints.any(), options.latency(), wantsStopSequence(fields)));
  }

  /** Reads what a body's prompt is made of, for CountTokens. */
  Generation readPrompt(Fields fields, SamplingDefaults defaults) {
    ObjectNode prompt = Json.object();
    for (String name : PROMPT) {
      prompt.set(name, fields.node().get(name));
    }
    return read(new Fields(prompt, fields.path()), defaults, 0).generation();
  }

  private static void refuseUnsupported(Fields fields) {
    if (fields.has("guardrailConfig")) {
      throw Fields.unsupported("guardrailConfig is not supported by this server.");
    }
    if (fields.has("promptVariables")) {
      throw Fields.unsupported("promptVariables is not supported by this server.");
    }
  }

  /** What the answer has to look like, or null. */
  private static Constraint.@Nullable Form form(Fields fields) {
    Fields output = fields.objectOrNull("outputConfig");
    Fields format = output == null ? null : output.objectOrNull("textFormat");
    if (format == null) {
      return null;
    }
    if (!"json_schema".equals(format.choiceOrNull("type", List.of("json_schema")))) {
      throw format.bad("type", "is required");
    }
    Fields schema = format.object("structure").object("jsonSchema");
    schema.stringOrNull("name", 1, MAX_SCHEMA);
    schema.stringOrNull("description", 1, MAX_SCHEMA);
    return new Constraint.JsonSchema(schema.string("schema", 1, MAX_SCHEMA));
  }

  /** The answer of a model here has no field but this one that Converse does not show anyway. */
  private static boolean wantsStopSequence(Fields fields) {
    List<String> paths = fields.strings(RESPONSE_PATHS, MAX_PATHS, 1, 256);
    for (int i = 0; i < paths.size(); i++) {
      if (!POINTER.matcher(paths.get(i)).matches()) {
        throw fields.bad(RESPONSE_PATHS + "." + i, "must be a JSON Pointer");
      }
    }
    return paths.contains("/stop_sequence");
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
    Malformed.checkKeys(extra, List.of(), KNOWN_MODEL_FIELDS);
    return RequestFields.sampling(base, "topP", 1, extra, defaults, seed, -1);
  }

  private static Map<String, @Nullable Object> variables(
      @Nullable Fields more, @Nullable Fields output) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    String wanted =
        output == null
            ? null
            : output.choiceOrNull(
                "effort", Stream.concat(EFFORTS.stream(), HIGHER_EFFORTS.stream()).toList());
    if (wanted != null) {
      variables.put(EFFORT, EFFORTS.contains(wanted) ? wanted : EFFORTS.getLast());
    }
    if (more != null && more.has("enable_thinking")) {
      variables.put("enable_thinking", more.bool("enable_thinking", true));
    }
    String effort = more == null ? null : more.choiceOrNull(EFFORT, EFFORTS);
    if (effort != null) {
      variables.put(EFFORT, effort);
    }
    return variables;
  }
}
