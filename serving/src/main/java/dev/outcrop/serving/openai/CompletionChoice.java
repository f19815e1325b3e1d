package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;

/** A choice of a completion. Used by one thread, for one generation. */
final class CompletionChoice implements Choice {
  private final int index;
  private final String echo;
  private final boolean logprobs;
  private boolean echoed;
  private int offset;

  /**
   * A choice that has written nothing yet.
   *
   * @param echo what comes before the completion: its prompt, or nothing
   * @param logprobs whether log probabilities were asked for
   */
  CompletionChoice(int index, String echo, boolean logprobs) {
    this.index = index;
    this.echo = echo;
    this.logprobs = logprobs;
    this.echoed = echo.isEmpty();
    this.offset = echo.length();
  }

  @Override
  public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
    StringBuilder text = new StringBuilder(echo);
    for (GenerationEvent event : events) {
      if (event instanceof GenerationEvent.Text(var more, _, _)) {
        text.append(more);
      }
    }
    return choice(text.toString(), Logprobs.of(events))
        .put("finish_reason", Choice.finishReason(end));
  }

  @Override
  public List<ObjectNode> chunks(GenerationEvent event) {
    List<ObjectNode> chunks = new ArrayList<>();
    if (!echoed) {
      echoed = true;
      chunks.add(choice(echo, List.of()).putNull("finish_reason"));
    }
    switch (event) {
      case GenerationEvent.Text(var text, _, var tokens) ->
          chunks.add(choice(text, tokens).putNull("finish_reason"));
      case GenerationEvent.Ended end ->
          chunks.add(choice("", List.of()).put("finish_reason", Choice.finishReason(end)));
      // A prompt that its caller wrote has a completion of text alone.
      case GenerationEvent.Reasoning _,
          GenerationEvent.ToolStart _,
          GenerationEvent.ToolArguments _,
          GenerationEvent.ToolEnd _,
          GenerationEvent.ToolBroken _,
          GenerationEvent.Failed _ -> {}
    }
    return chunks;
  }

  private ObjectNode choice(String text, List<GenerationEvent.TokenLogprob> tokens) {
    ObjectNode choice = Json.object().put("index", index).put("text", text);
    if (logprobs && !tokens.isEmpty()) {
      choice.set("logprobs", Logprobs.lists(tokens, offset));
      offset += tokens.stream().mapToInt(token -> token.token().length()).sum();
    } else {
      choice.putNull("logprobs");
    }
    return choice;
  }
}
