package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The OpenAI chat completion body (Create Chat Completion) as InvokeModel carries it. */
public final class ChatBody implements BodyFormat {
  /** Members that would change the answer and are not offered. */
  private static final List<String> UNSUPPORTED =
      List.of("functions", "function_call", "logit_bias", "audio", "prediction", "best_of");

  private final Json json;
  private final LimitsConfig limits;
  private final Clock clock;

  /** Creates the format. */
  public ChatBody(Json json, LimitsConfig limits, Clock clock) {
    this.json = json;
    this.limits = limits;
    this.clock = clock;
  }

  @Override
  public boolean accepts(ObjectNode body, ModelName model) {
    return body.has("messages");
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    Fields fields = Fields.of(body);
    check(fields, target);
    List<ChatMessage> messages = new MessagesReader(json, limits).read(fields);
    List<ToolDefinition> tools = new ToolsReader(json, limits).read(fields);
    Generation generation =
        new Generation(
            new Generation.Chat(messages, tools, variables(fields)),
            maxTokens(fields),
            sampling(fields, target),
            stops(fields),
            tier(fields, target));
    return new ChatAnswer(
        json,
        generation,
        "chatcmpl-" + target.requestId(),
        target.modelId(),
        clock.instant().getEpochSecond());
  }

  private static void check(Fields fields, Target target) {
    for (String name : UNSUPPORTED) {
      if (fields.has(name)) {
        throw Fields.unsupported(name + " is not supported by this server.");
      }
    }
    fields.integer("n", 1, 1, 1);
    String model = fields.stringOrNull("model", 1, 2_048);
    if (model != null && !model.equals(target.modelId())) {
      throw fields.bad("model", "must be the model id of the URL, or left out");
    }
    if (fields.has("stream") && fields.bool("stream", false) != target.streaming()) {
      throw fields.bad(
          "stream", "must be %s for this operation, or left out".formatted(target.streaming()));
    }
    Fields format = fields.objectOrNull("response_format");
    if (format != null && !"text".equals(format.string("type", 1, 64))) {
      throw Fields.unsupported("response_format is only supported with type text.");
    }
  }

  /** Its own word {@code auto} is the default tier. What the header names has to agree. */
  private static @Nullable Tier tier(Fields fields, Target target) {
    JsonNode word = fields.raw("service_tier");
    if (word == null) {
      return target.tier();
    }
    Tier tier =
        "auto".equals(word.textValue()) ? Tier.DEFAULT : RequestFields.tier(fields, "service_tier");
    if (target.tier() != null && target.tier() != tier) {
      throw fields.bad("service_tier", "must be that of the header, or left out");
    }
    return tier;
  }

  private static int maxTokens(Fields fields) {
    String name = fields.has("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
    return fields.integer(name, 1, Integer.MAX_VALUE, GenerateRequest.AS_MANY_AS_FIT);
  }

  private static Sampling sampling(Fields fields, Target target) {
    int top = fields.integer("top_logprobs", 0, Sampling.MAX_LOGPROBS, 0);
    boolean logprobs = fields.bool("logprobs", false);
    if (top > 0 && !logprobs) {
      throw fields.bad("top_logprobs", "needs logprobs to be true");
    }
    return RequestFields.sampling(
        fields, "top_p", 2, fields, target.defaults(), target.seed(), logprobs ? top : -1);
  }

  private List<String> stops(Fields fields) {
    JsonNode stop = fields.raw("stop");
    if (stop != null && stop.isTextual()) {
      return List.of(fields.string("stop", 1, limits.maxStopSequenceLength()));
    }
    return RequestFields.stops(fields, "stop", limits);
  }

  private static Map<String, @Nullable Object> variables(Fields fields) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    Fields given = fields.objectOrNull("chat_template_kwargs");
    if (given == null) {
      return variables;
    }
    for (String name : given.names()) {
      if (!name.equals("enable_thinking")) {
        throw Fields.unsupported(given.path(name) + " is not supported by this server.");
      }
      variables.put(name, given.bool(name, true));
    }
    return variables;
  }
}
