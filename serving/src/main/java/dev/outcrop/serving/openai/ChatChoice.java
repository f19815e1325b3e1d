package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.AnswerBlock;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.json.Json;
import java.util.List;

/** A choice of a chat completion. Used by one thread, for one generation. */
final class ChatChoice implements Choice {
  private static final String CALL_ID_PREFIX = "call_";

  private final int index;
  private final boolean logprobs;
  private boolean roleSent;
  private int toolCalls;

  /**
   * A choice that has written nothing yet.
   *
   * @param logprobs whether log probabilities were asked for
   */
  ChatChoice(int index, boolean logprobs) {
    this.index = index;
    this.logprobs = logprobs;
  }

  @Override
  public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
    StringBuilder text = new StringBuilder();
    StringBuilder reasoning = new StringBuilder();
    ArrayNode calls = Json.object().putArray("tool_calls");
    for (AnswerBlock block : AnswerBlock.of(events)) {
      switch (block) {
        case AnswerBlock.Text(var more) -> text.append(more);
        case AnswerBlock.Reasoning(var more) -> reasoning.append(more);
        case AnswerBlock.Call(var callId, var name, var arguments) ->
            call(callId, name, arguments, calls.addObject());
      }
    }
    ObjectNode choice = Json.object().put("index", index);
    ObjectNode message = choice.putObject("message").put("role", "assistant");
    if (text.isEmpty() && !calls.isEmpty()) {
      message.putNull("content");
    } else {
      message.put("content", text.toString());
    }
    if (!reasoning.isEmpty()) {
      message.put("reasoning_content", reasoning.toString());
    }
    if (!calls.isEmpty()) {
      message.set("tool_calls", calls);
    }
    putLogprobs(choice, Logprobs.of(events));
    return choice.put("finish_reason", Choice.finishReason(end));
  }

  @Override
  public List<ObjectNode> chunks(GenerationEvent event) {
    if (event instanceof GenerationEvent.ToolEnd || event instanceof GenerationEvent.ToolBroken) {
      return List.of();
    }
    ObjectNode choice = Json.object().put("index", index);
    ObjectNode delta = choice.putObject("delta");
    if (!roleSent) {
      roleSent = true;
      delta.put("role", "assistant");
    }
    switch (event) {
      case GenerationEvent.Text(var text, _, var tokens) -> {
        delta.put("content", text);
        putLogprobs(choice, tokens);
        choice.putNull("finish_reason");
      }
      case GenerationEvent.Reasoning(var text, _) -> {
        delta.put("reasoning_content", text);
        choice.putNull("finish_reason");
      }
      case GenerationEvent.ToolStart(var callId, var name, _) -> {
        call(callId, name, "", delta.putArray("tool_calls").addObject().put("index", toolCalls++));
        choice.putNull("finish_reason");
      }
      case GenerationEvent.ToolArguments(var fragment, _) -> {
        delta
            .putArray("tool_calls")
            .addObject()
            .put("index", toolCalls - 1)
            .putObject("function")
            .put("arguments", fragment);
        choice.putNull("finish_reason");
      }
      case GenerationEvent.Ended end -> choice.put("finish_reason", Choice.finishReason(end));
      case GenerationEvent.ToolEnd _, GenerationEvent.ToolBroken _, GenerationEvent.Failed _ ->
          throw new IllegalStateException("these have no chunk");
    }
    return List.of(choice);
  }

  private static void call(String id, String name, String arguments, ObjectNode to) {
    to.put("id", CALL_ID_PREFIX + id).put("type", "function");
    to.putObject("function").put("name", name).put("arguments", arguments);
  }

  private void putLogprobs(ObjectNode choice, List<GenerationEvent.TokenLogprob> tokens) {
    if (logprobs) {
      choice.putObject("logprobs").set("content", Logprobs.tokens(tokens));
    }
  }
}
