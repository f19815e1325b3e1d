package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of Create Response. Nothing is stored, so what names something stored is refused.
 */
final class ResponsesBody {
  private static final List<String> UNSUPPORTED =
      List.of("previous_response_id", "conversation", "prompt", "context_management");

  private static final String LOGPROBS = "message.output_text.logprobs";

  /** The second changes nothing: reasoning comes in the clear. */
  private static final List<String> INCLUDES = List.of(LOGPROBS, "reasoning.encrypted_content");

  private static final List<String> SUMMARIES = List.of("auto", "concise", "detailed");

  private final Json json;
  private final LimitsConfig limits;

  ResponsesBody(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  /**
   * A request.
   *
   * @param plan what to generate
   * @param echo what the response says of it again
   * @param logprobs whether log probabilities were asked for
   */
  record Request(Plan plan, ObjectNode echo, boolean logprobs) {}

  Request read(Fields fields, BodyFormat.Target target) {
    check(fields);
    Fields reasoning = orEmpty(fields.objectOrNull("reasoning"), "reasoning");
    reasoning.choiceOrNull("summary", SUMMARIES);
    reasoning.choiceOrNull("generate_summary", SUMMARIES);
    boolean logprobs = logprobs(fields);
    ToolsReader.Tools tools = new ToolsReader(json, limits).readFlat(fields);
    Fields text = fields.objectOrNull("text");
    Sampling sampling =
        RequestFields.sampling(
            fields,
            "top_p",
            2,
            fields,
            target.defaults(),
            target.seed(),
            logprobs ? fields.integer("top_logprobs", 0, Sampling.MAX_LOGPROBS, 0) : -1);
    boolean parallel = fields.bool("parallel_tool_calls", true);
    Generation generation =
        new Generation(
                new Generation.Chat(
                    new InputReader(json, limits).read(fields),
                    tools.definitions(),
                    RequestParts.variables(fields, reasoning, "effort")),
                fields.integer(
                    "max_output_tokens", 1, Integer.MAX_VALUE, GenerateRequest.AS_MANY_AS_FIT),
                sampling,
                List.of(),
                RequestParts.tier(fields, null),
                OutputFormat.readFlat(
                    text == null ? null : text.objectOrNull("format"), tools.calls()))
            .withOneCall(!parallel);
    return new Request(
        new Plan(List.of(generation), 1), echo(fields, target, sampling, parallel), logprobs);
  }

  private static void check(Fields fields) {
    RequestParts.refuse(fields, UNSUPPORTED);
    RequestParts.only(fields, "background", "false");
    RequestParts.only(fields, "store", "false");
    RequestParts.only(fields, "truncation", "disabled");
    RequestParts.checkLabels(fields);
    Fields text = fields.objectOrNull("text");
    if (text != null) {
      RequestParts.only(text, "verbosity", "medium");
    }
  }

  private static boolean logprobs(Fields fields) {
    List<String> include = fields.strings("include", 16, 1, 64);
    for (String name : include) {
      if (!INCLUDES.contains(name)) {
        throw Fields.unsupported("include is only supported with " + INCLUDES + ".");
      }
    }
    return include.contains(LOGPROBS) || fields.integer("top_logprobs", 0, 20, 0) > 0;
  }

  /** What a response says of its request, with what holds where that did not say. */
  private static ObjectNode echo(
      Fields fields, BodyFormat.Target target, Sampling sampling, boolean parallel) {
    ObjectNode echo = Json.object();
    echo.put("background", false);
    echo.set("instructions", fields.node().get("instructions"));
    echo.set("max_output_tokens", fields.node().get("max_output_tokens"));
    echo.set("metadata", present(fields, "metadata", Json.object()));
    echo.put("model", target.modelId());
    echo.put("parallel_tool_calls", parallel);
    echo.putNull("previous_response_id");
    ObjectNode reasoning = echo.putObject("reasoning");
    Fields given = orEmpty(fields.objectOrNull("reasoning"), "reasoning");
    reasoning.set("effort", given.node().get("effort"));
    reasoning.set("summary", given.node().get("summary"));
    echo.put("store", false);
    echo.put("temperature", sampling.temperature());
    Fields text = orEmpty(fields.objectOrNull("text"), "text");
    echo.putObject("text")
        .set("format", present(text, "format", Json.object().put("type", "text")));
    echo.set("tool_choice", present(fields, "tool_choice", Json.object().textNode("auto")));
    echo.set("tools", present(fields, "tools", Json.object().arrayNode()));
    echo.put("top_logprobs", Math.max(0, sampling.logprobs()));
    echo.put("top_p", sampling.topP());
    echo.put("truncation", "disabled");
    echo.set("user", fields.node().get("user"));
    return echo;
  }

  private static JsonNode present(Fields fields, String name, JsonNode absent) {
    JsonNode value = fields.raw(name);
    return value == null ? absent : value;
  }

  private static Fields orEmpty(@Nullable Fields fields, String path) {
    return fields == null ? new Fields(Json.object(), path) : fields;
  }
}
