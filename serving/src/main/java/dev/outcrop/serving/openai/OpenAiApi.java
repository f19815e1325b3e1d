package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.GenerationService;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI's API as Bedrock has it, under {@code /openai/v1} and {@code /v1}: chat completions,
 * completions, responses and models.
 */
public final class OpenAiApi implements Api {
  private static final List<String> PREFIXES = List.of("/openai/v1/", "/v1/");
  private static final String MODELS = "models";
  private static final String MODEL = MODELS + "/";
  private static final int MAX_MODEL = 2_048;

  private final Models models;
  private final Json json;
  private final ChatBody chat;
  private final CompletionBody completions;
  private final ResponsesBody responses;
  private final AnswerRunner runner;
  private final LongSupplier seeds;
  private final Clock clock;
  private final long started;

  /**
   * Creates the API.
   *
   * @param seeds where a request's seed comes from when it names none
   */
  public OpenAiApi(
      Models models,
      GenerationService service,
      LimitsConfig limits,
      Json json,
      LongSupplier seeds,
      Clock clock) {
    this.models = models;
    this.json = json;
    this.chat = new ChatBody(json, limits, clock);
    this.completions = new CompletionBody(limits, clock);
    this.responses = new ResponsesBody(json, limits);
    this.runner = new AnswerRunner(service, json);
    this.seeds = seeds;
    this.clock = clock;
    this.started = clock.instant().getEpochSecond();
  }

  @Override
  public @Nullable Call route(String method, String rawPath) {
    for (String prefix : PREFIXES) {
      if (rawPath.startsWith(prefix)) {
        return operation(method, rawPath.substring(prefix.length()));
      }
    }
    return null;
  }

  private @Nullable Call operation(String method, String path) {
    if (method.equals("GET")) {
      if (path.equals(MODELS)) {
        return Call.of("ListModels", this::list);
      }
      return path.startsWith(MODEL)
          ? Call.of("RetrieveModel", exchange -> get(exchange, path.substring(MODEL.length())))
          : null;
    }
    if (!method.equals("POST")) {
      return null;
    }
    return switch (path) {
      case "chat/completions" ->
          Call.of(
              "CreateChatCompletion",
              exchange ->
                  answer(
                      exchange,
                      (fields, target) -> chat.read(fields, target, RequestParts.MAX_CHOICES)));
      case "completions" ->
          Call.of(
              "CreateCompletion",
              exchange ->
                  answer(
                      exchange,
                      (fields, target) ->
                          completions.read(
                              fields,
                              target,
                              CompletionBody.MAX_PROMPTS,
                              RequestParts.MAX_CHOICES)));
      case "responses" -> Call.of("CreateResponse", this::respond);
      default -> null;
    };
  }

  /** How a body is read. */
  private interface Read {
    Asked of(Fields fields, BodyFormat.Target target);
  }

  private void answer(Exchange exchange, Read read) throws InterruptedException {
    Addressed request = addressed(exchange);
    Asked asked = read.of(request.fields(), request.target());
    run(exchange, request, asked.plan(), new ChoicesAnswer(json, asked));
  }

  private void respond(Exchange exchange) throws InterruptedException {
    Addressed request = addressed(exchange);
    ResponsesBody.Request response = responses.read(request.fields(), request.target());
    ResponseAnswer answer =
        new ResponseAnswer(json, response, exchange.id(), clock.instant().getEpochSecond());
    run(exchange, request, response.plan(), answer);
  }

  /** A body, and the model that it names. */
  private record Addressed(Fields fields, ServedModel model, BodyFormat.Target target) {}

  private Addressed addressed(Exchange exchange) {
    Fields fields = Fields.of(json.object(exchange.body()));
    String id = fields.string("model", 1, MAX_MODEL);
    ServedModel model = find(exchange.caller(), id);
    exchange.model(model.id());
    return new Addressed(
        fields,
        model,
        new BodyFormat.Target(
            id,
            model.defaults(),
            fields.bool("stream", false),
            seeds.getAsLong(),
            exchange.id(),
            null));
  }

  private void run(Exchange exchange, Addressed request, Plan plan, Answer answer)
      throws InterruptedException {
    exchange.feature(request.fields().node().path("metadata").path("feature").asText());
    runner.run(exchange, request.model(), plan, answer, request.target().streaming());
  }

  private void list(Exchange exchange) {
    ObjectNode body = Json.object().put("object", "list");
    ArrayNode data = body.putArray("data");
    models.ids(exchange.caller()).forEach(id -> data.add(model(id)));
    exchange.send(json.bytes(body), Map.of());
  }

  private void get(Exchange exchange, String rawId) {
    String id = decoded(rawId);
    if (!models.ids(exchange.caller()).contains(id)) {
      throw unknown(id);
    }
    exchange.send(json.bytes(model(id)), Map.of());
  }

  private ObjectNode model(String id) {
    return Json.object()
        .put("id", id)
        .put("object", "model")
        .put("created", started)
        .put("owned_by", "outcrop");
  }

  private ServedModel find(Caller caller, String id) {
    try {
      return models.generator(caller, id);
    } catch (OutcropException e) {
      boolean unknown =
          e.code() == ServingError.MODEL_UNKNOWN || e.code() == ServingError.MODEL_ID_INVALID;
      throw unknown ? unknown(id) : e;
    }
  }

  private static OutcropException unknown(String id) {
    return new OutcropException(
        ServingError.MODEL_UNKNOWN,
        "The model `%s` does not exist or you do not have access to it."
            .formatted(id.length() > 256 ? id.substring(0, 256) : id));
  }

  private static String decoded(String rawId) {
    try {
      return URLDecoder.decode(rawId.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw unknown(rawId);
    }
  }
}
