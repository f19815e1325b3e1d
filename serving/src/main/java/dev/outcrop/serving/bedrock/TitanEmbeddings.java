package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.embed.Embedding;
import dev.outcrop.serving.embed.EmbeddingService;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The body of Titan Text Embeddings V2 through InvokeModel, for whatever encoder is served. An
 * embedding has the model's own number of dimensions where the request does not ask for fewer.
 */
public final class TitanEmbeddings {
  private static final int MAX_CHARACTERS = 50_000;
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final String FLOAT = "float";
  private static final String BINARY = "binary";
  private static final Set<String> KNOWN =
      Set.of("inputText", "dimensions", "normalize", "embeddingTypes");

  private final List<ServedEncoder> encoders;
  private final EmbeddingService service;
  private final Json json;

  /** Creates the operation for some encoders. */
  public TitanEmbeddings(List<ServedEncoder> encoders, EmbeddingService service, Json json) {
    this.encoders = List.copyOf(encoders);
    this.service = service;
    this.json = json;
  }

  List<ServedEncoder> encoders() {
    return encoders;
  }

  /** Answers one request. */
  void invoke(Exchange exchange, ServedEncoder model) throws InterruptedException {
    Request request = read(json.object(exchange.body()), model);
    Embedding embedding =
        service.embed(model, request.text(), exchange.caller(), exchange.watchClient()::gone);
    switch (embedding) {
      case Embedding.Vector(var values, int tokens) -> {
        Map<String, String> headers = new HashMap<>();
        headers.put("X-Amzn-Bedrock-Input-Token-Count", String.valueOf(tokens));
        headers.put(
            "X-Amzn-Bedrock-Invocation-Latency",
            String.valueOf((System.nanoTime() - exchange.arrivedNanos()) / NANOS_PER_MILLI));
        exchange.send(json.bytes(answer(request, values, tokens)), headers);
      }
      case Embedding.TooLong(int tokens) ->
          exchange.fail(
              ApiError.validation(
                  "400 Bad Request: Too many input tokens. Max input tokens: %d, request input token count: %d"
                      .formatted(model.maxTokens(), tokens)));
      case Embedding.Refused(var reason, var message, var retryAfter) ->
          exchange.fail(ApiError.of(reason, message, retryAfter));
    }
  }

  /**
   * A request.
   *
   * @param dimensions numbers of the embedding
   * @param normalize whether it is scaled to length 1
   * @param types the forms it is answered in
   */
  private record Request(String text, int dimensions, boolean normalize, Set<String> types) {}

  private static Request read(ObjectNode body, ServedEncoder model) {
    Fields fields = Fields.of(body);
    if (!fields.has("inputText")) {
      throw Fields.invalid(
          "Malformed input request: required key [inputText] not found, please reformat your input"
              + " and try again.");
    }
    RequestFields.refuseExtraneous(
        fields, name -> KNOWN.contains(name) || name.startsWith("amazon-bedrock-"));
    Set<String> types = new LinkedHashSet<>(fields.strings("embeddingTypes", 2, 0, 64));
    for (String type : types) {
      if (!type.equals(FLOAT) && !type.equals(BINARY)) {
        throw fields.bad("embeddingTypes", "must hold only float and binary");
      }
    }
    return new Request(
        fields.string("inputText", 1, MAX_CHARACTERS),
        fields.integer("dimensions", 1, model.dimensions(), model.dimensions()),
        fields.bool("normalize", true),
        types.isEmpty() ? Set.of(FLOAT) : types);
  }

  private static ObjectNode answer(Request request, float[] values, int tokens) {
    float[] vector = Arrays.copyOf(values, request.dimensions());
    if (request.normalize()) {
      normalize(vector);
    }
    ObjectNode answer = Json.object();
    ObjectNode byType = Json.object();
    if (request.types().contains(BINARY)) {
      ArrayNode bits = byType.putArray(BINARY);
      for (float value : vector) {
        bits.add(value > 0 ? 1 : 0);
      }
    }
    if (request.types().contains(FLOAT)) {
      ArrayNode numbers = answer.putArray("embedding");
      for (float value : vector) {
        numbers.add(value);
      }
      byType.set(FLOAT, numbers);
    }
    answer.set("embeddingsByType", byType);
    return answer.put("inputTextTokenCount", tokens);
  }

  private static void normalize(float[] vector) {
    double square = 0;
    for (float value : vector) {
      square += (double) value * value;
    }
    double length = Math.max(Math.sqrt(square), 1e-12);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / length);
    }
  }
}
