package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.ModelName;
import java.util.ArrayList;
import java.util.List;

/**
 * The chat body for models that are named as OpenAI's: through InvokeModel Bedrock puts their
 * reasoning in front of the content, between tags, where other models have a member for it.
 */
final class ReasoningInContent implements BodyFormat {
  private static final String OPEN = "<reasoning>";
  private static final String CLOSE = "</reasoning>";

  private final BodyFormat openAi;

  /**
   * Creates the format.
   *
   * @param openAi the body, which reads and writes everything else
   */
  ReasoningInContent(BodyFormat openAi) {
    this.openAi = openAi;
  }

  @Override
  public boolean accepts(ObjectNode body, ModelName model) {
    return model.isOf("openai") && openAi.accepts(body, model);
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    return new Chat(openAi.read(body, target));
  }

  /** One request: to the body that writes it all reasoning is text. */
  private static final class Chat implements Request {
    private final Request openAi;
    private boolean open;
    private int tokens;

    Chat(Request openAi) {
      this.openAi = openAi;
    }

    @Override
    public Generation generation() {
      return openAi.generation();
    }

    @Override
    public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
      List<GenerationEvent> texts = new ArrayList<>();
      events.forEach(event -> texts.addAll(text(event)));
      texts.addAll(close());
      return openAi.whole(texts, end);
    }

    @Override
    public List<ObjectNode> chunks(GenerationEvent event, int promptTokens) {
      return text(event).stream()
          .flatMap(each -> openAi.chunks(each, promptTokens).stream())
          .toList();
    }

    private List<GenerationEvent> text(GenerationEvent event) {
      if (event instanceof GenerationEvent.Reasoning(var more, int soFar)) {
        String tag = open ? "" : OPEN;
        open = true;
        tokens = soFar;
        return List.of(new GenerationEvent.Text(tag + more, tokens, List.of()));
      }
      List<GenerationEvent> events = new ArrayList<>(close());
      events.add(event);
      return events;
    }

    private List<GenerationEvent> close() {
      if (!open) {
        return List.of();
      }
      open = false;
      return List.of(new GenerationEvent.Text(CLOSE, tokens, List.of()));
    }
  }
}
