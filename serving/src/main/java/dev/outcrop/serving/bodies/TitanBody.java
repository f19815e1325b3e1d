package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;
import java.util.Map;

/**
 * The body of Titan Text. Its callers write a plain instruction, never a control token, so it goes
 * to the model as the turn of a user, by the model's own template.
 */
final class TitanBody implements BodyFormat {
  private static final String PROMPT_COUNT = "inputTextTokenCount";
  private static final String CONFIG = "textGenerationConfig";
  private static final BodySchema SCHEMA =
      BodySchema.requiring("inputText", new Rule.Text(1)).with(CONFIG, new Rule.Members());
  private static final BodySchema CONFIG_SCHEMA =
      BodySchema.optional()
          .with("temperature", new Rule.Decimal(0, 1))
          .with("topP", new Rule.Decimal(0, 1))
          .with("maxTokenCount", TextRequest.TOKENS)
          .with("stopSequences", new Rule.Items());

  private final LimitsConfig limits;

  TitanBody(LimitsConfig limits) {
    this.limits = limits;
  }

  @Override
  public boolean accepts(ObjectNode body, ModelName model) {
    return body.has("inputText");
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    Fields fields = Fields.of(body);
    SCHEMA.check(fields);
    Fields given = fields.objectOrNull(CONFIG);
    Fields config = given == null ? new Fields(Json.object(), CONFIG) : given;
    CONFIG_SCHEMA.check(config);
    String text = fields.string("inputText", 1, limits.maxTextLength());
    return new TextRequest(
        new Generation(
            new Generation.Chat(List.of(ChatMessage.of("user", text)), List.of(), Map.of()),
            TextRequest.maxTokens(config, "maxTokenCount"),
            TextRequest.sampling(config, "topP", target, -1),
            RequestFields.stops(config, "stopSequences", limits),
            target.tier()),
        new Answer());
  }

  /** One answer in this form. */
  private static final class Answer implements TextAnswer {
    private boolean promptCountSent;

    @Override
    public ObjectNode whole(
        String text, List<GenerationEvent.TokenLogprob> logprobs, GenerationEvent.Ended end) {
      ObjectNode answer = Json.object().put(PROMPT_COUNT, end.usage().promptTokens());
      answer
          .putArray("results")
          .addObject()
          .put("tokenCount", end.usage().completionTokens())
          .put("outputText", text)
          .put("completionReason", reason(end));
      return answer;
    }

    @Override
    public ObjectNode chunk(GenerationEvent.Text text, int promptTokens) {
      ObjectNode chunk =
          head(text.text()).putNull("totalOutputTextTokenCount").putNull("completionReason");
      return withPromptCount(chunk, promptTokens);
    }

    @Override
    public ObjectNode last(GenerationEvent.Ended end) {
      ObjectNode chunk =
          head("")
              .put("totalOutputTextTokenCount", end.usage().completionTokens())
              .put("completionReason", reason(end));
      return withPromptCount(chunk, end.usage().promptTokens());
    }

    private static ObjectNode head(String text) {
      return Json.object().put("outputText", text).put("index", 0);
    }

    /** The first chunk tells it; the others have the member, too. */
    private ObjectNode withPromptCount(ObjectNode to, int promptTokens) {
      if (promptCountSent) {
        return to.putNull(PROMPT_COUNT);
      }
      promptCountSent = true;
      return to.put(PROMPT_COUNT, promptTokens);
    }

    private static String reason(GenerationEvent.Ended end) {
      return switch (end.reason()) {
        case LENGTH -> "LENGTH";
        case STOP_STRING -> "STOP_CRITERIA_MET";
        case END, TOOL_CALLS, MALFORMED_CALL -> "FINISH";
      };
    }
  }
}
