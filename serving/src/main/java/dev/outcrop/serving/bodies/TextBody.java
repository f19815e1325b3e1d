package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text completion bodies of Mistral and of DeepSeek R1, which have the same keys but for {@code
 * top_k}, and answer in a list of another name. A prompt with all its control tokens, written by
 * the caller.
 */
final class TextBody implements BodyFormat {
  private static final BodySchema SCHEMA =
      TextRequest.PROMPT.with("max_tokens", TextRequest.TOKENS).with("stop", new Rule.Items());

  private final LimitsConfig limits;
  private final String provider;
  private final BodySchema schema;
  private final String list;

  private TextBody(LimitsConfig limits, String provider, BodySchema schema, String list) {
    this.limits = limits;
    this.provider = provider;
    this.schema = schema;
    this.list = list;
  }

  /** The body of Mistral 7B, Mixtral and the first Mistral Large and Small. */
  static TextBody mistral(LimitsConfig limits) {
    return new TextBody(limits, "mistral", SCHEMA.with("top_k", TextRequest.TOP_K), "outputs");
  }

  /** The body of DeepSeek R1. */
  static TextBody deepSeek(LimitsConfig limits) {
    return new TextBody(limits, "deepseek", SCHEMA, "choices");
  }

  @Override
  public boolean accepts(ObjectNode body, ModelName model) {
    return body.has("prompt") && !body.has("max_gen_len") && model.isOf(provider);
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    Fields fields = Fields.of(body);
    schema.check(fields);
    return new TextRequest(
        new Generation(
            TextRequest.prompt(fields, limits),
            TextRequest.maxTokens(fields, "max_tokens"),
            TextRequest.sampling(fields, "top_p", target, -1),
            RequestFields.stops(fields, "stop", limits),
            target.tier()),
        new Answer(list));
  }

  /**
   * Answers in this form, which have no token counts: those are in headers and metrics.
   *
   * @param list the name of the list that holds the one text
   */
  private record Answer(String list) implements TextAnswer {
    @Override
    public ObjectNode whole(
        String text, List<GenerationEvent.TokenLogprob> logprobs, GenerationEvent.Ended end) {
      return answer(text, TextAnswer.stopReason(end));
    }

    @Override
    public ObjectNode chunk(GenerationEvent.Text text, int promptTokens) {
      return answer(text.text(), null);
    }

    @Override
    public ObjectNode last(GenerationEvent.Ended end) {
      return answer("", TextAnswer.stopReason(end));
    }

    private ObjectNode answer(String text, @Nullable String stopReason) {
      ObjectNode answer = Json.object();
      answer.putArray(list).addObject().put("text", text).put("stop_reason", stopReason);
      return answer;
    }
  }
}
