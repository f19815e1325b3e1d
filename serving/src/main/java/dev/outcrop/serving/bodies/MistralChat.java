package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The chat completion body of Mistral Large 24.07 and its contemporaries: that of OpenAI with other
 * words. Later models of Mistral take that of OpenAI itself.
 */
final class MistralChat implements BodyFormat {
  private static final Pattern MODELS =
      Pattern.compile("(mistral-7b|mixtral-|mistral-(large|small)-24|pixtral-large).*");
  private static final String TOOL_CHOICE = "tool_choice";
  private static final BodySchema SCHEMA =
      BodySchema.requiring("messages", new Rule.Items())
          .with("tools", new Rule.Items())
          .with(TOOL_CHOICE, new Rule.Text(0))
          .with("max_tokens", TextRequest.TOKENS)
          .with("top_p", new Rule.Decimal(0, 1))
          .with("temperature", new Rule.Decimal(0, 1))
          .with("stop", new Rule.Items())
          .with("response_format", new Rule.Members());

  private final BodyFormat openAi;

  /**
   * Creates the format.
   *
   * @param openAi the body of OpenAI, which reads and writes what both have alike
   */
  MistralChat(BodyFormat openAi) {
    this.openAi = openAi;
  }

  @Override
  public boolean accepts(ObjectNode body, ModelName model) {
    return body.has("messages") && model.isOf("mistral") && MODELS.matcher(model.model()).matches();
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    Fields fields = Fields.of(body);
    SCHEMA.check(fields);
    String choice = fields.choiceOrNull(TOOL_CHOICE, List.of("auto", "any", "none"));
    ObjectNode same = Json.object();
    same.setAll(body);
    if ("any".equals(choice)) {
      same.put(TOOL_CHOICE, "required");
    }
    return new Chat(openAi.read(same, target));
  }

  /** One request in this form. Calls of a stream come whole, in its last chunk. */
  private static final class Chat implements Request {
    private final Request openAi;
    private final List<GenerationEvent> calls = new ArrayList<>();
    private final List<GenerationEvent> open = new ArrayList<>();
    private final StringBuilder source = new StringBuilder();

    Chat(Request openAi) {
      this.openAi = openAi;
    }

    @Override
    public Generation generation() {
      return openAi.generation();
    }

    @Override
    public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
      JsonNode choice = openAi.whole(events, end).at("/choices/0");
      JsonNode given = choice.get("message");
      ObjectNode message = message(given.path("content").asText(""));
      if (given.has("tool_calls")) {
        message.set("tool_calls", given.get("tool_calls"));
      }
      return answer(message, choice.path("finish_reason").textValue());
    }

    @Override
    public List<ObjectNode> chunks(GenerationEvent event, int promptTokens) {
      return switch (event) {
        case GenerationEvent.Text(var text, _, _) -> List.of(answer(message(text), null));
        case GenerationEvent.Reasoning _ -> List.of();
        case GenerationEvent.ToolStart start -> {
          open.clear();
          source.setLength(0);
          yield hold(start, start.source());
        }
        case GenerationEvent.ToolArguments more -> hold(more, more.source());
        case GenerationEvent.ToolEnd end -> {
          calls.addAll(open);
          calls.add(end);
          yield List.of();
        }
        case GenerationEvent.ToolBroken _ -> List.of(answer(message(source.toString()), null));
        case GenerationEvent.Ended end -> List.of(whole(calls, end));
        case GenerationEvent.Failed _ -> List.of();
      };
    }

    private List<ObjectNode> hold(GenerationEvent event, String written) {
      open.add(event);
      source.append(written);
      return List.of();
    }

    private static ObjectNode message(String content) {
      return Json.object().put("role", "assistant").put("content", content);
    }

    private static ObjectNode answer(ObjectNode message, @Nullable String stopReason) {
      ObjectNode answer = Json.object();
      ObjectNode choice = answer.putArray("choices").addObject().put("index", 0);
      choice.set("message", message);
      choice.put("stop_reason", stopReason);
      return answer;
    }
  }
}
