package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.LocalExchange;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs one record through the operation that a client would call, and waits where the server has
 * too much to do: a batch is never told to try again. Called on the threads of records, many at
 * once.
 */
final class RecordRunner {
  private static final int MAX_ID = 1_024;
  private static final int BAD = 400;
  private static final Duration SHORTEST_WAIT = Duration.ofMillis(100);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final String INPUT_TOKENS = "X-Amzn-Bedrock-Input-Token-Count";
  private static final String OUTPUT_TOKENS = "X-Amzn-Bedrock-Output-Token-Count";

  private final Api inference;
  private final Json json;

  RecordRunner(Api inference, Json json) {
    this.inference = inference;
    this.json = json;
  }

  /** Whoever's job it is, at the flex tier. */
  static Caller caller(Job.Owner owner) {
    return new Caller.Tenant(owner.tenant(), owner.weight(), Tier.FLEX);
  }

  /** The operation's path for a model id, which is escaped where it has to be. */
  static String path(JobRequest request) {
    return "/model/%s/%s"
        .formatted(escaped(request.modelId()), request.converse() ? "converse" : "invoke");
  }

  /** A model id as a path has it. */
  static String escaped(String modelId) {
    return modelId.replace("%", "%25");
  }

  /** Runs a line of the input; null where a halt came before it was done. */
  @Nullable RecordResult run(Job job, Lines.Line line, Halt halt) throws InterruptedException {
    ObjectNode answer = Json.object().put("recordId", "CALL%07d".formatted(line.index() + 1));
    byte[] bytes = line.bytes();
    if (bytes == null) {
      return error(answer, BAD, "The record is longer than this server allows.");
    }
    JsonNode input;
    try {
      ObjectNode record = json.object(bytes);
      Fields fields = Fields.of(record);
      input = fields.raw("modelInput");
      if (input != null) {
        answer.set("modelInput", input);
      }
      String id = fields.stringOrNull("recordId", 1, MAX_ID);
      if (id != null) {
        answer.put("recordId", id);
      }
    } catch (OutcropException e) {
      return error(answer, BAD, ApiError.of(e).message());
    }
    if (!(input instanceof ObjectNode body)) {
      return error(answer, BAD, "modelInput must be an object");
    }
    LocalExchange.Reply reply = reply(job, json.bytes(body), halt);
    return switch (reply) {
      case LocalExchange.Reply.Sent(var output, var headers) -> answered(answer, output, headers);
      case LocalExchange.Reply.Failed(var error) -> error(answer, error.status(), error.message());
      case LocalExchange.Reply.GivenUp _ -> null;
    };
  }

  private LocalExchange.Reply reply(Job job, byte[] body, Halt halt) throws InterruptedException {
    Caller caller = caller(job.owner());
    String path = path(job.request());
    while (!halt.gone()) {
      LocalExchange.Reply reply = LocalExchange.post(inference, path, caller, body, halt);
      if (!(reply instanceof LocalExchange.Reply.Failed(var error))) {
        return reply;
      }
      // The server's end may be all that went wrong; the record runs again after the next start.
      halt.checkOpen();
      if (!passing(error)) {
        return reply;
      }
      halt.pause(wait(error.retryAfter()));
    }
    return new LocalExchange.Reply.GivenUp();
  }

  /** Whether another try may help: too much to do, or a model that is down. */
  private static boolean passing(ApiError error) {
    return error.status() == 429 || error.status() == 503;
  }

  private static Duration wait(Duration told) {
    if (told.compareTo(SHORTEST_WAIT) < 0) {
      return SHORTEST_WAIT;
    }
    return told.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : told;
  }

  private RecordResult answered(ObjectNode answer, byte[] output, Map<String, String> headers) {
    ObjectNode tree = json.generated(new String(output, StandardCharsets.UTF_8));
    answer.set("modelOutput", tree);
    return new RecordResult(
        true,
        tokens(headers.get(INPUT_TOKENS), tree.at("/usage/inputTokens")),
        tokens(headers.get(OUTPUT_TOKENS), tree.at("/usage/outputTokens")),
        json.bytes(answer));
  }

  /** InvokeModel counts tokens in headers, Converse in its body. */
  private static int tokens(@Nullable String header, JsonNode usage) {
    return header == null ? usage.asInt(0) : Integer.parseInt(header);
  }

  private RecordResult error(ObjectNode answer, int status, String message) {
    answer.putObject("error").put("errorCode", status).put("errorMessage", message);
    return new RecordResult(false, 0, 0, json.bytes(answer));
  }
}
