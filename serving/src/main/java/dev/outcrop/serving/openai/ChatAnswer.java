package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.generate.AnswerBlock;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes chat completions and their chunks. Used by one thread, for one request. */
final class ChatAnswer implements BodyFormat.Request {
  private static final String CALL_ID_PREFIX = "call_";

  private final Json json;
  private final Generation generation;
  private final String id;
  private final String model;
  private final long created;
  private boolean roleSent;
  private int toolCalls;

  ChatAnswer(Json json, Generation generation, String id, String model, long created) {
    this.json = json;
    this.generation = generation;
    this.id = id;
    this.model = model;
    this.created = created;
  }

  @Override
  public Generation generation() {
    return generation;
  }

  @Override
  public ObjectNode whole(List<GenerationEvent> events, GenerationEvent.Ended end) {
    StringBuilder text = new StringBuilder();
    StringBuilder reasoning = new StringBuilder();
    ArrayNode calls = Json.object().putArray("tool_calls");
    List<GenerationEvent.TokenLogprob> logprobs = new ArrayList<>();
    for (AnswerBlock block : AnswerBlock.of(events, json)) {
      switch (block) {
        case AnswerBlock.Text(var more) -> text.append(more);
        case AnswerBlock.Reasoning(var more) -> reasoning.append(more);
        case AnswerBlock.Call(var callId, var name, var arguments) ->
            call(callId, name, json.text(arguments), calls.addObject());
      }
    }
    for (GenerationEvent event : events) {
      if (event instanceof GenerationEvent.Text(_, _, var probabilities)) {
        logprobs.addAll(probabilities);
      }
    }
    ObjectNode body = head("chat.completion");
    ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
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
    putLogprobs(choice, logprobs);
    choice.put("finish_reason", finishReason(end));
    body.set("usage", usage(end.usage()));
    putTier(body, end);
    return body;
  }

  @Override
  public List<ObjectNode> chunks(GenerationEvent event, int promptTokens) {
    if (event instanceof GenerationEvent.ToolEnd || event instanceof GenerationEvent.ToolBroken) {
      return List.of();
    }
    ObjectNode chunk = head("chat.completion.chunk");
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
    ObjectNode delta = choice.putObject("delta");
    if (!roleSent) {
      roleSent = true;
      delta.put("role", "assistant");
    }
    switch (event) {
      case GenerationEvent.Text(var text, _, var logprobs) -> {
        delta.put("content", text);
        putLogprobs(choice, logprobs);
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
      case GenerationEvent.Ended end -> {
        choice.put("finish_reason", finishReason(end));
        chunk.set("usage", usage(end.usage()));
        putTier(chunk, end);
      }
      case GenerationEvent.ToolEnd _, GenerationEvent.ToolBroken _, GenerationEvent.Failed _ ->
          throw new IllegalStateException("these have no chunk");
    }
    return List.of(chunk);
  }

  private ObjectNode head(String object) {
    return Json.object()
        .put("id", id)
        .put("object", object)
        .put("created", created)
        .put("model", model);
  }

  private static void putTier(ObjectNode to, GenerationEvent.Ended end) {
    Tier tier = end.tier();
    if (tier != null) {
      to.put("service_tier", tier.word());
    }
  }

  private static void call(String id, String name, String arguments, ObjectNode to) {
    to.put("id", CALL_ID_PREFIX + id).put("type", "function");
    to.putObject("function").put("name", name).put("arguments", arguments);
  }

  private void putLogprobs(ObjectNode choice, List<GenerationEvent.TokenLogprob> logprobs) {
    if (generation.sampling().logprobs() < 0) {
      return;
    }
    ArrayNode content = choice.putObject("logprobs").putArray("content");
    for (GenerationEvent.TokenLogprob token : logprobs) {
      ObjectNode entry = logprob(token, content.addObject());
      ArrayNode top = entry.putArray("top_logprobs");
      token.top().forEach(other -> logprob(other, top.addObject()));
    }
  }

  private static ObjectNode logprob(GenerationEvent.TokenLogprob token, ObjectNode to) {
    to.put("token", token.token()).put("logprob", token.logprob());
    ArrayNode bytes = to.putArray("bytes");
    for (byte b : token.token().getBytes(StandardCharsets.UTF_8)) {
      bytes.add(Byte.toUnsignedInt(b));
    }
    return to;
  }

  private static ObjectNode usage(GenerationEvent.Usage usage) {
    ObjectNode node =
        Json.object()
            .put("prompt_tokens", usage.promptTokens())
            .put("completion_tokens", usage.completionTokens())
            .put("total_tokens", usage.promptTokens() + usage.completionTokens());
    node.putObject("prompt_tokens_details").put("cached_tokens", usage.cachedPromptTokens());
    return node;
  }

  private static String finishReason(GenerationEvent.Ended end) {
    return switch (end.reason()) {
      case END, MALFORMED_CALL, STOP_STRING -> "stop";
      case TOOL_CALLS -> "tool_calls";
      case LENGTH -> "length";
    };
  }
}
