package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Fields;
import java.util.ArrayList;
import java.util.List;

/**
 * A request whose answer is text alone. Used by one thread.
 *
 * @param generation what to generate
 * @param answer how the text is written
 */
record TextRequest(Generation generation, TextAnswer answer) implements BodyFormat.Request {
  /** What the bodies with a prompt have alike. */
  static final BodySchema PROMPT =
      BodySchema.requiring("prompt", new Rule.Text(1))
          .with("temperature", new Rule.Decimal(0, 1))
          .with("top_p", new Rule.Decimal(0, 1));

  /** A number of tokens to generate. */
  static final Rule TOKENS = new Rule.Whole(1, Integer.MAX_VALUE);

  /** A number of most likely tokens. */
  static final Rule TOP_K = new Rule.Whole(0, RequestFields.MAX_TOP_K);

  @Override
  public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
    StringBuilder text = new StringBuilder();
    List<GenerationEvent.TokenLogprob> logprobs = new ArrayList<>();
    for (GenerationEvent event : events) {
      if (event instanceof GenerationEvent.Text(var more, _, var probabilities)) {
        text.append(more);
        logprobs.addAll(probabilities);
      }
    }
    return answer.whole(text.toString(), logprobs, end);
  }

  @Override
  public List<ObjectNode> chunks(GenerationEvent event, int promptTokens) {
    return switch (event) {
      case GenerationEvent.Text text -> List.of(answer.chunk(text, promptTokens));
      case GenerationEvent.Ended end -> List.of(answer.last(end));
      // These bodies have no word for reasoning, and offer no tools.
      case GenerationEvent.Reasoning _,
          GenerationEvent.ToolStart _,
          GenerationEvent.ToolArguments _,
          GenerationEvent.ToolEnd _,
          GenerationEvent.ToolBroken _,
          GenerationEvent.Failed _ ->
          List.of();
    };
  }

  /** A prompt with all its control tokens, written by the caller. */
  static Generation.Text prompt(Fields fields, LimitsConfig limits) {
    return new Generation.Text(fields.string("prompt", 1, limits.maxTextLength()));
  }

  /** The most tokens to generate. */
  static int maxTokens(Fields fields, String name) {
    return fields.integer(name, 1, Integer.MAX_VALUE, GenerateRequest.AS_MANY_AS_FIT);
  }

  /** How to choose tokens, where the highest temperature is 1 as these families have it. */
  static Sampling sampling(Fields fields, String topP, BodyFormat.Target target, int logprobs) {
    return RequestFields.sampling(
        fields, topP, 1, fields, target.defaults(), target.seed(), logprobs);
  }
}
