package dev.outcrop.serving.anthropic;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The body of Anthropic's Messages API as InvokeModel carries it: without {@code model} and {@code
 * stream}, with {@code anthropic_version}. What is wrong is said in the words of that API.
 */
public final class MessagesBody implements BodyFormat {
  private static final String VERSION = "anthropic_version";
  private static final String BETA = "anthropic_beta";
  private static final String MAX_TOKENS = "max_tokens";
  private static final String MESSAGES = "messages";
  private static final String OUTPUT = "output_config";
  private static final int MAX_BETAS = 256;
  private static final int LEAST_BUDGET = 1_024;
  private static final Set<String> KNOWN =
      Set.of(
          VERSION,
          BETA,
          MAX_TOKENS,
          MESSAGES,
          OUTPUT,
          "system",
          "temperature",
          "top_p",
          "top_k",
          "stop_sequences",
          "tools",
          "tool_choice",
          "thinking",
          "metadata",
          "cache_control");

  private final Json json;
  private final LimitsConfig limits;

  /** Creates the format. */
  public MessagesBody(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  @Override
  public boolean accepts(ObjectNode body, ModelName model) {
    return body.has(VERSION) || (body.has(MESSAGES) && model.isOf("anthropic"));
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    Fields fields = Fields.of(body);
    check(fields);
    int maxTokens = fields.integer(MAX_TOKENS, 1, Integer.MAX_VALUE, 0);
    ToolsReader tools = new ToolsReader(json, limits);
    MessagesReader messages = new MessagesReader(json, limits);
    List<ChatMessage> chat = messages.read(fields);
    ToolsReader.Tools offered = tools.read(fields);
    Generation generation =
        new Generation(
            new Generation.Chat(chat, offered.definitions(), variables(fields, maxTokens)),
            maxTokens,
            // Clients of this API have to name a limit and name one for the largest of models.
            true,
            RequestFields.sampling(
                fields, "top_p", 1, fields, target.defaults(), target.seed(), -1),
            RequestFields.stops(fields, "stop_sequences", limits),
            target.tier(),
            Constraint.of(form(fields), offered.calls()),
            offered.oneCall());
    return new MessagesAnswer(
        json,
        generation,
        target.requestId().replace("-", ""),
        target.modelId(),
        new MessagesAnswer.Shown(
            messages.cacheControl() || tools.cacheControl(), !thoughtsOmitted(fields)));
  }

  private static void check(Fields fields) {
    for (String name : fields.names()) {
      if (!KNOWN.contains(name) && !name.startsWith("amazon-bedrock-")) {
        throw Fields.invalid(name + ": Extra inputs are not permitted");
      }
    }
    for (String name : List.of(VERSION, MAX_TOKENS, MESSAGES)) {
      if (!fields.has(name)) {
        throw Fields.invalid(name + ": Field required");
      }
    }
    fields.string(VERSION, 1, 64);
    fields.strings(BETA, MAX_BETAS, 1, 256);
    fields.objectOrNull("metadata");
  }

  /** What the template reads: whether to reason, which nobody asked for who does not say so. */
  private static Map<String, @Nullable Object> variables(Fields fields, int maxTokens) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    boolean thinking = thinking(fields, maxTokens);
    variables.put("enable_thinking", thinking);
    variables.put("thinking", thinking);
    Fields output = fields.objectOrNull(OUTPUT);
    if (output == null) {
      return variables;
    }
    String effort = output.choiceOrNull("effort", List.of("low", "medium", "high", "xhigh", "max"));
    if (effort != null) {
      variables.put(
          "reasoning_effort", effort.equals("low") || effort.equals("medium") ? effort : "high");
    }
    return variables;
  }

  /** What the answer has to look like, or null. */
  private static Constraint.@Nullable Form form(Fields fields) {
    Fields output = fields.objectOrNull(OUTPUT);
    Fields format = output == null ? null : output.objectOrNull("format");
    if (format == null) {
      return null;
    }
    if (format.choiceOrNull("type", List.of("json_schema")) == null) {
      throw Fields.invalid(format.path("type") + ": Field required");
    }
    return new Constraint.JsonSchema(format.object("schema").node().toString());
  }

  private static boolean thoughtsOmitted(Fields fields) {
    Fields thinking = fields.objectOrNull("thinking");
    return thinking != null
        && "omitted".equals(thinking.choiceOrNull("display", List.of("summarized", "omitted")));
  }

  private static boolean thinking(Fields fields, int maxTokens) {
    Fields thinking = fields.objectOrNull("thinking");
    if (thinking == null) {
      return false;
    }
    String type = thinking.choiceOrNull("type", List.of("enabled", "disabled", "adaptive"));
    if (type == null) {
      throw Fields.invalid("thinking.type: Field required");
    }
    if (type.equals("enabled")) {
      int budget = thinking.integer("budget_tokens", LEAST_BUDGET, Integer.MAX_VALUE, 0);
      if (budget == 0) {
        throw Fields.invalid("thinking.enabled.budget_tokens: Field required");
      }
      if (budget >= maxTokens) {
        throw Fields.invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
      }
    }
    return !type.equals("disabled");
  }
}
