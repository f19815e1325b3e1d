package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.embed.EncoderAnswer;
import dev.outcrop.serving.embed.EncoderService;
import dev.outcrop.serving.embed.EncoderText.Tokens;
import dev.outcrop.serving.embed.Pairs;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Json;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs the texts of a request and answers it. Called on request threads, many at once. */
final class EncoderCalls {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final EncoderService service;
  private final Json json;

  EncoderCalls(EncoderService service, Json json) {
    this.service = service;
    this.json = json;
  }

  /** Writes the body of an answer. */
  interface Body extends Function<EncoderAnswer.Vectors, ObjectNode> {}

  /**
   * Answers a call of InvokeModel.
   *
   * @param tier the tier that it asks for, or null; encoders have only the default one
   */
  void invoke(
      Exchange exchange,
      ServedEncoder model,
      List<Tokens> texts,
      @Nullable Tier tier,
      Function<EncoderAnswer.TooLong, ApiError> tooLong,
      Body body)
      throws InterruptedException {
    switch (run(exchange, model, texts)) {
      case EncoderAnswer.Vectors vectors -> {
        Map<String, String> headers = new HashMap<>();
        headers.put("X-Amzn-Bedrock-Input-Token-Count", String.valueOf(vectors.tokens()));
        headers.put(
            "X-Amzn-Bedrock-Invocation-Latency",
            String.valueOf((System.nanoTime() - exchange.arrivedNanos()) / NANOS_PER_MILLI));
        ServiceOptions.addLatency(exchange, headers);
        if (tier != null) {
          headers.put(ServiceOptions.TIER_HEADER, Tier.DEFAULT.word());
        }
        exchange.send(json.bytes(body.apply(vectors)), headers);
      }
      case EncoderAnswer.TooLong found -> exchange.fail(tooLong.apply(found));
      case EncoderAnswer.Refused(var reason, var message, var retryAfter) ->
          exchange.fail(ApiError.of(reason, message, retryAfter));
    }
  }

  /** Answers a call of InvokeModel whose texts are not too long. */
  void invoke(
      Exchange exchange, ServedEncoder model, List<Tokens> texts, @Nullable Tier tier, Body body)
      throws InterruptedException {
    invoke(
        exchange,
        model,
        texts,
        tier,
        found -> tooLong(found.text(), found.tokens(), model.maxTokens()),
        body);
  }

  /** The tokens of texts, when their turn comes where they are long. */
  List<Tokens> encode(Exchange exchange, List<String> texts, Function<String, Tokens> encoding)
      throws InterruptedException {
    long characters = texts.stream().mapToLong(String::length).sum();
    return service.encode(
        characters, exchange.watchClient()::gone, () -> texts.stream().map(encoding).toList());
  }

  /** The tokens of a query with each document. */
  List<Tokens> pairs(
      Exchange exchange,
      ServedEncoder model,
      String query,
      List<String> documents,
      int maxTokensPerDocument)
      throws InterruptedException {
    Pairs pairs = new Pairs(model.text(), query, model.maxTokens(), maxTokensPerDocument);
    return encode(exchange, documents, pairs::with);
  }

  /** The vectors of texts, or why there are none. */
  EncoderAnswer run(Exchange exchange, ServedEncoder model, List<Tokens> texts)
      throws InterruptedException {
    return service.run(
        model, texts, exchange.caller(), exchange.purpose(), exchange.watchClient()::gone);
  }

  /** What Bedrock says of a text that is too long for a model and is not cut. */
  static ApiError tooLong(int text, int tokens, int most) {
    return ApiError.of(
        new OutcropException(
            ServingError.INPUT_TOO_LONG,
            "Text %d has %d tokens, at most %d are allowed.".formatted(text, tokens, most)));
  }
}
