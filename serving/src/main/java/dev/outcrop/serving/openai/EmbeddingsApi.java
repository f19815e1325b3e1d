package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.embed.EncoderAnswer;
import dev.outcrop.serving.embed.EncoderService;
import dev.outcrop.serving.embed.EncoderText.Tokens;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.embed.VectorForm;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Creates embeddings as OpenAI's API does. Token ids in place of text are those of the model that
 * is served, special ones included; nothing is put around them.
 */
public final class EmbeddingsApi implements Api {
  private static final Set<String> PATHS = Set.of("/v1/embeddings", "/openai/v1/embeddings");
  private static final int MAX_INPUTS = 2_048;
  private static final int MAX_TOKENS = 300_000;
  private static final int MAX_CHARACTERS = 512_000;
  private static final String INPUT = "input";
  private static final String FLOAT = "float";
  private static final String BASE64 = "base64";

  private final Models models;
  private final EncoderService service;
  private final Json json;

  /** Creates the operation. */
  public EmbeddingsApi(Models models, EncoderService service, Json json) {
    this.models = models;
    this.service = service;
    this.json = json;
  }

  @Override
  public @Nullable Call route(String method, String rawPath) {
    if (!method.equals("POST") || !PATHS.contains(rawPath)) {
      return null;
    }
    return Call.of("CreateEmbeddings", this::embed);
  }

  private void embed(Exchange exchange) throws InterruptedException {
    Fields body = Fields.of(json.object(exchange.body()));
    String id = body.string("model", 1, 2_048);
    ServedEncoder.Embedder model = models.embedder(exchange.caller(), id);
    exchange.model(model.id());
    int dimensions = body.integer("dimensions", 1, model.dimensions(), model.dimensions());
    boolean base64 = BASE64.equals(body.choiceOrNull("encoding_format", List.of(FLOAT, BASE64)));
    List<Tokens> texts =
        service.encode(
            exchange.body().length, exchange.watchClient()::gone, () -> texts(body, model));
    switch (service.run(
        model, texts, exchange.caller(), exchange.purpose(), exchange.watchClient()::gone)) {
      case EncoderAnswer.Vectors vectors ->
          exchange.send(json.bytes(answer(id, vectors, dimensions, base64)), Map.of());
      case EncoderAnswer.TooLong(int text, int tokens) ->
          throw new OutcropException(
              ServingError.INPUT_TOO_LONG,
              "Input %d has %d tokens, the model takes %d."
                  .formatted(text, tokens, model.maxTokens()));
      case EncoderAnswer.Refused(var reason, var message, var retryAfter) ->
          exchange.fail(ApiError.of(reason, message, retryAfter));
    }
  }

  private static List<Tokens> texts(Fields body, ServedEncoder.Embedder model) {
    JsonNode input = body.raw(INPUT);
    List<Tokens> texts = new ArrayList<>();
    if (input != null && input.isTextual()) {
      texts.add(tokens(body, INPUT, input, model));
    } else if (input instanceof ArrayNode items && !items.isEmpty()) {
      if (items.get(0).isNumber()) {
        texts.add(tokens(body, INPUT, items, model));
      } else {
        checkCount(body, items.size());
        for (JsonNode item : items) {
          texts.add(tokens(body, INPUT + "." + texts.size(), item, model));
        }
      }
    } else {
      throw body.bad(INPUT, "must be a string, token ids, or an array of these");
    }
    int sum = texts.stream().mapToInt(Tokens::count).sum();
    if (sum > MAX_TOKENS) {
      throw body.bad(
          INPUT, "must have at most %d tokens in all, has %d".formatted(MAX_TOKENS, sum));
    }
    return texts;
  }

  private static void checkCount(Fields body, int count) {
    if (count > MAX_INPUTS) {
      throw body.bad(INPUT, "must hold at most %d items, has %d".formatted(MAX_INPUTS, count));
    }
  }

  private static Tokens tokens(
      Fields body, String path, JsonNode item, ServedEncoder.Embedder model) {
    if (item.isTextual()) {
      String text = item.textValue();
      if (text.isEmpty() || text.length() > MAX_CHARACTERS) {
        throw body.bad(
            path,
            "must have between 1 and %d characters, has %d"
                .formatted(MAX_CHARACTERS, text.length()));
      }
      return model.text().encode(text);
    }
    if (!(item instanceof ArrayNode numbers) || numbers.isEmpty()) {
      throw body.bad(path, "must be a string or token ids");
    }
    int[] tokens = new int[numbers.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode number = numbers.get(i);
      int token = number.isInt() ? number.intValue() : -1;
      if (token < 0 || token >= model.vocabulary()) {
        throw body.bad(
            path + "." + i, "must be a token id from 0 to %d".formatted(model.vocabulary() - 1));
      }
      tokens[i] = token;
    }
    return new Tokens(tokens, null);
  }

  private static ObjectNode answer(
      String id, EncoderAnswer.Vectors vectors, int dimensions, boolean base64) {
    ObjectNode answer = Json.object();
    answer.put("object", "list");
    ArrayNode data = answer.putArray("data");
    for (float[] values : vectors.values()) {
      float[] vector = VectorForm.shortened(values, dimensions, true);
      ObjectNode item = data.addObject();
      item.put("object", "embedding").put("index", data.size() - 1);
      if (base64) {
        item.put("embedding", VectorForm.base64(vector));
      } else {
        item.putPOJO("embedding", vector);
      }
    }
    answer.put("model", id);
    answer
        .putObject("usage")
        .put("prompt_tokens", vectors.tokens())
        .put("total_tokens", vectors.tokens());
    return answer;
  }
}
