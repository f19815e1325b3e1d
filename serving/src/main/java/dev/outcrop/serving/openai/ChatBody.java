package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** The OpenAI chat completion body (Create Chat Completion), through InvokeModel and on its own. */
public final class ChatBody implements BodyFormat {
  /** Members that would change the answer and are not offered. */
  private static final List<String> UNSUPPORTED =
      List.of(
          "functions",
          "function_call",
          "logit_bias",
          "audio",
          "prediction",
          "best_of",
          "web_search_options",
          "prompt_logprobs",
          "guided_grammar");

  private static final String EFFORT = "reasoning_effort";

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
    return read(Fields.of(body), target, 1).one();
  }

  /**
   * Reads a request of several choices.
   *
   * @param most the most choices it may ask for
   */
  Asked read(Fields fields, Target target, int most) {
    check(fields, target);
    List<ChatMessage> messages = new MessagesReader(json, limits).read(fields);
    ToolsReader.Tools tools = new ToolsReader(json, limits).read(fields);
    Generation generation =
        new Generation(
                new Generation.Chat(
                    messages, tools.definitions(), RequestParts.variables(fields, fields, EFFORT)),
                maxTokens(fields),
                sampling(fields, target),
                RequestParts.stops(fields, limits),
                RequestParts.tier(fields, target.tier()),
                OutputFormat.read(fields, tools.calls()))
            .withOneCall(!fields.bool("parallel_tool_calls", true));
    List<Choice> choices = new ArrayList<>();
    int count = RequestParts.choices(fields, most);
    for (int i = 0; i < count; i++) {
      choices.add(new ChatChoice(i, generation.sampling().logprobs() >= 0));
    }
    return new Asked(
        new Plan(List.of(generation), count),
        choices,
        new Envelope(
            "chatcmpl-" + target.requestId(),
            "chat.completion",
            "chat.completion.chunk",
            clock.instant().getEpochSecond(),
            target.modelId()),
        RequestParts.streamUsage(fields, target.streaming()));
  }

  private static void check(Fields fields, Target target) {
    RequestParts.refuse(fields, UNSUPPORTED);
    RequestParts.checkTarget(fields, target);
    RequestParts.checkLabels(fields);
    RequestParts.only(fields, "store", "false");
    RequestParts.only(fields, "verbosity", "medium");
    for (String modality : fields.strings("modalities", 2, 1, 64)) {
      if (!modality.equals("text")) {
        throw Fields.unsupported("modalities is only supported as [text] by this server.");
      }
    }
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
}
