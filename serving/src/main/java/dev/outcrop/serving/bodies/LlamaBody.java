package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The native body of Llama models, and BedrockCompletion, which Custom Model Import made of it for
 * any model: with log probabilities. A prompt with all its control tokens, written by the caller.
 */
final class LlamaBody implements BodyFormat {
  private static final String LOGPROBS = "return_logprobs";
  private static final String FORMAT = "response_format";
  private static final String JSON_SCHEMA = "json_schema";
  private static final BodySchema LLAMA =
      TextRequest.PROMPT
          .with("max_gen_len", TextRequest.TOKENS)
          .with("top_k", TextRequest.TOP_K)
          .with("seed", new Rule.Whole(Long.MIN_VALUE, Long.MAX_VALUE));
  private static final BodySchema IMPORTED =
      LLAMA.with(LOGPROBS, new Rule.Flag()).with(FORMAT, new Rule.Members());

  private final LimitsConfig limits;
  private final boolean imported;

  private LlamaBody(LimitsConfig limits, boolean imported) {
    this.limits = limits;
    this.imported = imported;
  }

  /** The body of models that are named as Meta's. */
  static LlamaBody llama(LimitsConfig limits) {
    return new LlamaBody(limits, false);
  }

  /** BedrockCompletion, the body of all models. */
  static LlamaBody imported(LimitsConfig limits) {
    return new LlamaBody(limits, true);
  }

  @Override
  public boolean accepts(ObjectNode body, ModelName model) {
    return body.has("prompt") && (imported || model.isOf("meta"));
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    Fields fields = Fields.of(body);
    if (fields.has("images")) {
      throw Fields.unsupported("images is not supported by this server.");
    }
    (imported ? IMPORTED : LLAMA).check(fields);
    boolean logprobs = imported && fields.bool(LOGPROBS, false);
    return new TextRequest(
        new Generation(
            TextRequest.prompt(fields, limits),
            TextRequest.maxTokens(fields, "max_gen_len"),
            TextRequest.sampling(fields, "top_p", target, logprobs ? 0 : -1),
            List.of(),
            target.tier(),
            constraint(fields.objectOrNull(FORMAT))),
        new Answer(imported, logprobs));
  }

  /** Here the schema itself is the member that OpenAI puts it into. */
  private static @Nullable Constraint constraint(@Nullable Fields format) {
    if (format == null) {
      return null;
    }
    return switch (format.string("type", 1, 64)) {
      case "text" -> null;
      case "json_object" -> new Constraint.Json();
      case JSON_SCHEMA -> new Constraint.JsonSchema(format.object(JSON_SCHEMA).node().toString());
      default -> throw format.bad("type", "must be text, json_object or json_schema");
    };
  }

  /** One answer in this form. */
  private static final class Answer implements TextAnswer {
    private final boolean imported;
    private final boolean logprobs;
    private boolean promptCountSent;

    Answer(boolean imported, boolean logprobs) {
      this.imported = imported;
      this.logprobs = logprobs;
    }

    @Override
    public ObjectNode whole(
        String text, List<GenerationEvent.TokenLogprob> probabilities, GenerationEvent.Ended end) {
      ObjectNode answer =
          Json.object()
              .put("generation", text)
              .put("prompt_token_count", end.usage().promptTokens())
              .put("generation_token_count", end.usage().completionTokens())
              .put("stop_reason", TextAnswer.stopReason(end));
      return withLogprobs(answer, probabilities);
    }

    @Override
    public ObjectNode chunk(GenerationEvent.Text text, int promptTokens) {
      ObjectNode chunk =
          chunk(text.text(), promptTokens, text.completionTokens()).putNull("stop_reason");
      return withLogprobs(chunk, text.logprobs());
    }

    @Override
    public ObjectNode last(GenerationEvent.Ended end) {
      ObjectNode chunk =
          chunk("", end.usage().promptTokens(), end.usage().completionTokens())
              .put("stop_reason", TextAnswer.stopReason(end));
      return withLogprobs(chunk, List.of());
    }

    private ObjectNode chunk(String text, int promptTokens, int tokens) {
      ObjectNode chunk = Json.object().put("generation", text);
      if (promptCountSent) {
        chunk.putNull("prompt_token_count");
      } else {
        chunk.put("prompt_token_count", promptTokens);
        promptCountSent = true;
      }
      return chunk.put("generation_token_count", tokens);
    }

    private ObjectNode withLogprobs(
        ObjectNode to, List<GenerationEvent.TokenLogprob> probabilities) {
      if (!imported) {
        return to;
      }
      if (!logprobs) {
        return to.putNull("logprobs");
      }
      ArrayNode tokens = to.putArray("logprobs");
      probabilities.forEach(
          token -> tokens.addObject().put(String.valueOf(token.id()), token.logprob()));
      return to;
    }
  }
}
