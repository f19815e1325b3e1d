package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.http.OpenAiError;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers Create Response: items in their order, each opened, filled and closed. An answer in one
 * piece is what a stream ends with. Used by one thread, for one request.
 */
final class ResponseAnswer implements Answer {
  private final Json json;
  private final ResponsesBody.Request request;
  private final String requestId;
  private final long created;
  private final TokenUsage usage = new TokenUsage(1, 1);
  private final ArrayNode output = Json.object().putArray("output");
  private final List<byte[]> events = new ArrayList<>();
  private @Nullable ResponseItem open;
  private GenerationEvent.@Nullable Ended end;
  private @Nullable Tier tier;
  private boolean streaming;
  private int sequence;

  ResponseAnswer(Json json, ResponsesBody.Request request, String requestId, long created) {
    this.json = json;
    this.request = request;
    this.requestId = requestId.replace("-", "");
    this.created = created;
  }

  @Override
  public ObjectNode whole(List<Whole> choices) {
    Whole whole = choices.getFirst();
    whole.events().forEach(event -> more(0, event));
    more(0, whole.end());
    tier = whole.end().tier();
    return response(status());
  }

  @Override
  public List<byte[]> start(@Nullable Tier serving) {
    tier = serving;
    streaming = true;
    emit("response.created", Json.object().set("response", response(ResponseItem.IN_PROGRESS)));
    emit("response.in_progress", Json.object().set("response", response(ResponseItem.IN_PROGRESS)));
    return taken();
  }

  @Override
  public List<byte[]> more(int choice, GenerationEvent event) {
    usage.add(choice, event);
    switch (event) {
      case GenerationEvent.Text(var text, _, var logprobs) -> {
        ResponseItem.Message message = message();
        message.text().append(text);
        message.logprobs().addAll(logprobs);
        ObjectNode delta = partOf(message).put("delta", text);
        emit("response.output_text.delta", delta.set("logprobs", Logprobs.tokens(logprobs)));
      }
      case GenerationEvent.Reasoning(var text, _) -> {
        ResponseItem.Reasoning reasoning = reasoning();
        reasoning.text().append(text);
        emit("response.reasoning_text.delta", partOf(reasoning).put("delta", text));
      }
      case GenerationEvent.ToolStart start -> {
        close(ResponseItem.COMPLETED);
        open(new ResponseItem.Call(id("fc_"), start));
      }
      case GenerationEvent.ToolArguments(var fragment, var source) -> {
        if (open instanceof ResponseItem.Call call) {
          call.arguments().append(fragment);
          call.source().append(source);
          emit("response.function_call_arguments.delta", at(call).put("delta", fragment));
        }
      }
      case GenerationEvent.ToolEnd _ -> close(ResponseItem.COMPLETED);
      case GenerationEvent.ToolBroken _ -> broken();
      case GenerationEvent.Ended ended -> {
        end = ended;
        close(status());
      }
      case GenerationEvent.Failed _ -> throw new IllegalStateException("a failure ends a stream");
    }
    return taken();
  }

  @Override
  public List<byte[]> end() {
    String status = status();
    emit("response." + status, Json.object().set("response", response(status)));
    return taken();
  }

  @Override
  public List<byte[]> failed(OpenAiError error) {
    ObjectNode response = response("failed");
    response.putObject("error").put("code", "server_error").put("message", error.message());
    emit("response.failed", Json.object().set("response", response));
    return taken();
  }

  private String status() {
    boolean cut = end != null && end.reason() == GenerationEvent.Reason.LENGTH;
    return cut ? ResponseItem.INCOMPLETE : ResponseItem.COMPLETED;
  }

  private ResponseItem.Message message() {
    if (open instanceof ResponseItem.Message message) {
      return message;
    }
    close(ResponseItem.COMPLETED);
    return open(new ResponseItem.Message(id("msg_")));
  }

  private ResponseItem.Reasoning reasoning() {
    if (open instanceof ResponseItem.Reasoning reasoning) {
      return reasoning;
    }
    close(ResponseItem.COMPLETED);
    return open(new ResponseItem.Reasoning(id("rs_")));
  }

  private <T extends ResponseItem> T open(T item) {
    open = item;
    ObjectNode added = Json.object().put("output_index", output.size());
    emit("response.output_item.added", added.set("item", item.empty()));
    if (item instanceof ResponseItem.OfParts parts) {
      emit("response.content_part.added", partOf(item).set("part", parts.part()));
    }
    return item;
  }

  private void close(String status) {
    ResponseItem item = open;
    if (item == null) {
      return;
    }
    switch (item) {
      case ResponseItem.Message message -> {
        ObjectNode done = partOf(message).put("text", message.text().toString());
        emit(message.event() + ".done", done.set("logprobs", Logprobs.tokens(message.logprobs())));
        emit("response.content_part.done", partOf(message).set("part", message.part()));
      }
      case ResponseItem.Reasoning reasoning -> {
        emit(
            reasoning.event() + ".done",
            partOf(reasoning).put("text", reasoning.text().toString()));
        emit("response.content_part.done", partOf(reasoning).set("part", reasoning.part()));
      }
      case ResponseItem.Call call ->
          emit(
              "response.function_call_arguments.done",
              at(call)
                  .put("name", call.start().name())
                  .put("arguments", call.arguments().toString()));
    }
    close(item, item.json(status), status);
  }

  /** A call that is none, once it has been begun: the whole answer shows it as text. */
  private void broken() {
    if (open instanceof ResponseItem.Call call) {
      ResponseItem.Message message = new ResponseItem.Message(id("msg_"));
      message.text().append(call.source());
      close(call, message.json(ResponseItem.COMPLETED), ResponseItem.INCOMPLETE);
    }
  }

  private void close(ResponseItem item, ObjectNode kept, String status) {
    ObjectNode done = Json.object().put("output_index", output.size());
    emit("response.output_item.done", done.set("item", item.json(status)));
    output.add(kept);
    open = null;
  }

  private ObjectNode response(String status) {
    ObjectNode response =
        Json.object()
            .put("id", "resp_" + requestId)
            .put("object", "response")
            .put("created_at", created)
            .put("status", status);
    response.putNull("error");
    if (status.equals(ResponseItem.INCOMPLETE)) {
      response.putObject("incomplete_details").put("reason", "max_output_tokens");
    } else {
      response.putNull("incomplete_details");
    }
    response.setAll(request.echo());
    response.set("output", output.deepCopy());
    if (tier != null) {
      response.put("service_tier", tier.word());
    }
    if (end == null) {
      response.putNull("usage");
    } else {
      response.set("usage", usage.forResponses());
    }
    return response;
  }

  private ObjectNode at(ResponseItem item) {
    return Json.object().put("item_id", item.id()).put("output_index", output.size());
  }

  private ObjectNode partOf(ResponseItem item) {
    return at(item).put("content_index", 0);
  }

  private String id(String prefix) {
    return prefix + requestId + "_" + output.size();
  }

  private void emit(String type, ObjectNode members) {
    if (streaming) {
      ObjectNode event = Json.object().put("type", type).put("sequence_number", sequence++);
      event.setAll(members);
      events.add(Sse.event(json, type, event));
    }
  }

  private List<byte[]> taken() {
    List<byte[]> taken = List.copyOf(events);
    events.clear();
    return taken;
  }
}
