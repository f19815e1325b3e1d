package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import dev.outcrop.serving.json.Fields;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** The OpenAI completion body (Create Completion), through InvokeModel and on its own. */
public final class CompletionBody implements BodyFormat {
  /** What the API generates where a request does not say. */
  private static final int DEFAULT_MAX_TOKENS = 16;

  /** The most prompts of a request. */
  static final int MAX_PROMPTS = 16;

  private static final List<String> UNSUPPORTED =
      List.of("suffix", "logit_bias", "prompt_logprobs", "guided_grammar");

  private final LimitsConfig limits;
  private final Clock clock;

  /** Creates the format. */
  public CompletionBody(LimitsConfig limits, Clock clock) {
    this.limits = limits;
    this.clock = clock;
  }

  @Override
  public boolean accepts(ObjectNode body, ModelName model) {
    return body.has("prompt") && body.has("max_tokens");
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    return read(Fields.of(body), target, 1, 1).one();
  }

  /**
   * Reads a request of several choices.
   *
   * @param mostPrompts the most prompts it may have
   * @param most the most choices of each
   */
  Asked read(Fields fields, Target target, int mostPrompts, int most) {
    RequestParts.refuse(fields, UNSUPPORTED);
    RequestParts.checkTarget(fields, target);
    RequestParts.checkLabels(fields);
    Sampling sampling = sampling(fields, target);
    List<Prompt> prompts = prompts(fields, mostPrompts);
    int count = RequestParts.choices(fields, most);
    Constraint constraint = OutputFormat.read(fields, null);
    List<Generation> generations = new ArrayList<>();
    List<Choice> choices = new ArrayList<>();
    for (Prompt prompt : prompts) {
      generations.add(
          new Generation(
              prompt.input(),
              fields.integer("max_tokens", 1, Integer.MAX_VALUE, DEFAULT_MAX_TOKENS),
              sampling,
              RequestParts.stops(fields, limits),
              RequestParts.tier(fields, target.tier()),
              constraint));
      for (int i = 0; i < count; i++) {
        choices.add(new CompletionChoice(choices.size(), prompt.echo(), sampling.logprobs() >= 0));
      }
    }
    return new Asked(
        new Plan(generations, count),
        choices,
        new Envelope(
            "cmpl-" + target.requestId(),
            "text_completion",
            "text_completion",
            clock.instant().getEpochSecond(),
            target.modelId()),
        RequestParts.streamUsage(fields, target.streaming()));
  }

  private static Sampling sampling(Fields fields, Target target) {
    return RequestFields.sampling(
        fields,
        "top_p",
        2,
        fields,
        target.defaults(),
        target.seed(),
        fields.integer("logprobs", 0, Sampling.MAX_LOGPROBS, -1));
  }

  /**
   * A prompt.
   *
   * @param echo what is said of it again before the completion
   */
  private record Prompt(Generation.Input input, String echo) {}

  private List<Prompt> prompts(Fields fields, int most) {
    boolean echo = fields.bool("echo", false);
    if (echo && fields.has("logprobs")) {
      throw Fields.unsupported("echo is not supported together with logprobs by this server.");
    }
    JsonNode prompt = fields.raw("prompt");
    if (!(prompt instanceof ArrayNode list)) {
      return List.of(text(fields.string("prompt", 1, limits.maxTextLength()), echo));
    }
    if (list.isEmpty()) {
      throw fields.bad("prompt", "must not be empty");
    }
    if (list.get(0).isNumber()) {
      return List.of(tokens(fields, "prompt", list, echo));
    }
    if (list.size() > most) {
      throw fields.bad(
          "prompt", "must hold at most %d prompts, has %d".formatted(most, list.size()));
    }
    List<Prompt> prompts = new ArrayList<>();
    if (list.get(0) instanceof ArrayNode) {
      for (JsonNode item : list) {
        prompts.add(tokens(fields, "prompt." + prompts.size(), item, echo));
      }
    } else {
      fields
          .strings("prompt", most, 1, limits.maxTextLength())
          .forEach(item -> prompts.add(text(item, echo)));
    }
    return prompts;
  }

  private static Prompt text(String prompt, boolean echo) {
    return new Prompt(new Generation.Text(prompt), echo ? prompt : "");
  }

  private static Prompt tokens(Fields fields, String path, JsonNode list, boolean echo) {
    if (echo) {
      throw Fields.unsupported("echo is only supported for prompts of text by this server.");
    }
    if (!list.isArray()) {
      throw fields.bad(path, "must hold token ids alone");
    }
    int[] ids = new int[list.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = list.get(i);
      if (id == null || !id.canConvertToInt() || !id.isIntegralNumber()) {
        throw fields.bad(path, "must hold token ids alone");
      }
      ids[i] = id.intValue();
    }
    if (ids.length == 0) {
      throw fields.bad(path, "must not be empty");
    }
    return new Prompt(new Generation.Tokens(ids), "");
  }
}
