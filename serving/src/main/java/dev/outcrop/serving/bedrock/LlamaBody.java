package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;
import java.util.Set;

/**
 * The native body of Llama models on Bedrock: a prompt with all its control tokens, written by the
 * caller.
 */
public final class LlamaBody implements BodyFormat {
  private static final Set<String> KNOWN =
      Set.of("prompt", "temperature", "top_p", "max_gen_len", "seed", "top_k");

  private final LimitsConfig limits;

  /** Creates the format. */
  public LlamaBody(LimitsConfig limits) {
    this.limits = limits;
  }

  @Override
  public boolean accepts(ObjectNode body) {
    return body.has("prompt");
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    Fields fields = Fields.of(body);
    RequestFields.refuseExtraneous(
        fields, name -> KNOWN.contains(name) || name.startsWith("amazon-bedrock-"));
    String prompt = fields.string("prompt", 1, limits.maxTextLength());
    Sampling sampling =
        RequestFields.sampling(fields, "top_p", 1, fields, target.defaults(), target.seed(), -1);
    int maxTokens =
        fields.integer("max_gen_len", 1, Integer.MAX_VALUE, GenerateRequest.AS_MANY_AS_FIT);
    return new LlamaRequest(
        new Generation(new Generation.Text(prompt), maxTokens, sampling, List.of(), target.tier()));
  }

  /** One request in this form. */
  private static final class LlamaRequest implements Request {
    private final Generation generation;
    private boolean promptCountSent;

    LlamaRequest(Generation generation) {
      this.generation = generation;
    }

    @Override
    public Generation generation() {
      return generation;
    }

    @Override
    public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
      StringBuilder text = new StringBuilder();
      for (GenerationEvent event : events) {
        if (event instanceof GenerationEvent.Text(var more, _, _)) {
          text.append(more);
        }
      }
      return Json.object()
          .put("generation", text.toString())
          .put("prompt_token_count", end.usage().promptTokens())
          .put("generation_token_count", end.usage().completionTokens())
          .put("stop_reason", stopReason(end));
    }

    @Override
    public List<ObjectNode> chunks(GenerationEvent event, int promptTokens) {
      return switch (event) {
        case GenerationEvent.Text(var text, var tokens, _) ->
            List.of(chunk(text, promptTokens, tokens).putNull("stop_reason"));
        case GenerationEvent.Ended end ->
            List.of(
                chunk("", promptTokens, end.usage().completionTokens())
                    .put("stop_reason", stopReason(end)));
        // A prompt that its caller wrote has a completion of text alone.
        case GenerationEvent.Reasoning _,
            GenerationEvent.ToolStart _,
            GenerationEvent.ToolArguments _,
            GenerationEvent.ToolEnd _,
            GenerationEvent.ToolBroken _,
            GenerationEvent.Failed _ ->
            List.of();
      };
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

    private static String stopReason(GenerationEvent.Ended end) {
      return switch (end.reason()) {
        case LENGTH -> "length";
        case END, TOOL_CALLS, MALFORMED_CALL, STOP_STRING -> "stop";
      };
    }
  }
}
