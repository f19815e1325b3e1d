package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.catalog.ModelIds;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationService;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.BodyFormats;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The inference operations of bedrock-runtime (2023-09-30): Converse and InvokeModel, both ways,
 * and CountTokens.
 */
public final class BedrockApi implements Api {
  private static final Pattern PATH =
      Pattern.compile(
          "/model/(.+)/(converse|converse-stream|count-tokens|invoke|invoke-with-response-stream)");

  /** The longest model id of CountTokens, whose id is of another type than that of the others. */
  private static final int MAX_COUNT_TOKENS_ID = 256;

  private static final int MIN_PADDING = 3;
  private static final int MAX_PADDING = 61;

  private final ModelIds ids;
  private final Json json;
  private final ConverseReader converse;
  private final BodyFormats formats;
  private final EventFrames frames;
  private final GenerationService service;
  private final Runner runner;
  private final InvokeEncoder encoders;
  private final LongSupplier seeds;

  /**
   * Creates the API.
   *
   * @param ids the models
   * @param encoders what InvokeModel does for encoders
   * @param formats the bodies that InvokeModel takes
   * @param seeds where a request's seed comes from when it names none
   */
  public BedrockApi(
      ModelIds ids,
      GenerationService service,
      InvokeEncoder encoders,
      BodyFormats formats,
      LimitsConfig limits,
      Json json,
      LongSupplier seeds) {
    this.ids = ids;
    this.encoders = encoders;
    this.json = json;
    this.converse = new ConverseReader(json, limits);
    this.formats = formats;
    this.frames =
        new EventFrames(json, () -> ThreadLocalRandom.current().nextInt(MIN_PADDING, MAX_PADDING));
    this.service = service;
    this.runner = new Runner(service, frames);
    this.seeds = seeds;
  }

  /** The operator's id of the model that a model id, as a path has it, means. */
  public String servedId(String rawId) {
    return ids.resolve(rawId).id();
  }

  @Override
  public @Nullable Call route(String method, String rawPath) {
    Matcher path = PATH.matcher(rawPath);
    if (!method.equals("POST") || !path.matches()) {
      NotOffered.check(method, rawPath);
      return null;
    }
    String rawId = path.group(1);
    return switch (path.group(2)) {
      case "converse" -> call("Converse", exchange -> converse(exchange, rawId, false));
      case "converse-stream" -> call("ConverseStream", exchange -> converse(exchange, rawId, true));
      case "count-tokens" -> call("CountTokens", exchange -> countTokens(exchange, rawId));
      case "invoke" -> call("InvokeModel", exchange -> invoke(exchange, rawId, false));
      default -> call("InvokeModelWithResponseStream", exchange -> invoke(exchange, rawId, true));
    };
  }

  private void converse(Exchange exchange, String rawId, boolean stream)
      throws InterruptedException {
    ModelIds.Served served = ids.resolve(rawId);
    exchange.model(served.id());
    ServedModel model = generator(served);
    Fields body = Fields.of(json.object(exchange.body()));
    ConverseRequest request = converse.read(body, model.defaults(), seeds.getAsLong());
    exchange.feature(RequestMetadata.feature(body));
    ConverseWriter answer = new ConverseWriter(request, json, frames);
    if (stream) {
      runner.stream(exchange, model, request.generation(), answer, false);
    } else {
      runner.whole(exchange, model, request.generation(), answer, false);
    }
  }

  private static ServedModel generator(ModelIds.Served served) {
    return switch (served) {
      case ModelIds.Served.Generator(var generator) -> generator;
      case ModelIds.Served.Encoder _ ->
          throw Fields.unsupported(
              "This action doesn't support the model that you provided. Try again with a"
                  + " supported text or chat model.");
    };
  }

  private void countTokens(Exchange exchange, String rawId) throws InterruptedException {
    ModelIds.Served served = ids.resolve(rawId, MAX_COUNT_TOKENS_ID);
    exchange.model(served.id());
    ServedModel model = generator(served);
    Fields input = Fields.of(json.object(exchange.body())).object("input");
    String kind = Unions.COUNT_INPUT.member(input);
    Generation generation =
        switch (kind) {
          case "converse" -> converse.readPrompt(input.object(kind), model.defaults());
          default -> {
            ObjectNode body = json.object(input.object(kind).blob("body"));
            boolean streams = body.path("stream").asBoolean();
            yield request(exchange, rawId, streams, model, null, body).generation();
          }
        };
    int tokens = service.promptTokens(model, generation, exchange.watchClient()::gone);
    exchange.send(json.bytes(Json.object().put("inputTokens", tokens)), Map.of());
  }

  private void invoke(Exchange exchange, String rawId, boolean stream) throws InterruptedException {
    ModelIds.Served served = ids.resolve(rawId);
    exchange.model(served.id());
    if (exchange.header("X-Amzn-Bedrock-GuardrailIdentifier") != null
        || exchange.header("X-Amzn-Bedrock-GuardrailVersion") != null) {
      throw Fields.unsupported("Guardrails are not supported by this server.");
    }
    exchange.feature(RequestMetadata.check(exchange, json));
    Tier tier = ServiceOptions.read(exchange);
    switch (served) {
      case ModelIds.Served.Generator(var model) -> invoke(exchange, rawId, stream, model, tier);
      case ModelIds.Served.Encoder(var encoder) -> {
        if (stream) {
          throw Fields.unsupported("The model is unsupported for streaming.");
        }
        encoders.invoke(exchange, encoder, ModelIds.decode(rawId), tier);
      }
    }
  }

  private void invoke(
      Exchange exchange, String rawId, boolean stream, ServedModel model, @Nullable Tier tier)
      throws InterruptedException {
    ObjectNode body = json.object(exchange.body());
    BodyFormat.Request request = request(exchange, rawId, stream, model, tier, body);
    InvokeAnswer answer = new InvokeAnswer(request, json, frames);
    if (stream) {
      runner.stream(exchange, model, request.generation(), answer, true);
    } else {
      runner.whole(exchange, model, request.generation(), answer, true);
    }
  }

  private BodyFormat.Request request(
      Exchange exchange,
      String rawId,
      boolean stream,
      ServedModel model,
      @Nullable Tier tier,
      ObjectNode body) {
    BodyFormat.Target target =
        new BodyFormat.Target(
            ModelIds.decode(rawId),
            model.defaults(),
            stream,
            seeds.getAsLong(),
            exchange.id(),
            tier);
    return formats.read(body, model, target);
  }

  private static Call call(String operation, Run run) {
    return new Call() {
      @Override
      public String operation() {
        return operation;
      }

      @Override
      public void run(Exchange exchange) throws InterruptedException {
        run.on(exchange);
      }
    };
  }

  /** What a call does. */
  private interface Run {
    void on(Exchange exchange) throws InterruptedException;
  }
}
