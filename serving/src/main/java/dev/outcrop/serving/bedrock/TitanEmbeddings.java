package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.embed.EncoderAnswer;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.embed.VectorForm;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.json.Malformed;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The body of Titan Text Embeddings V2 through InvokeModel, and of Titan Embeddings G1 where the
 * model id names that. An embedding has the model's own number of dimensions where the request does
 * not ask for fewer.
 */
final class TitanEmbeddings {
  private static final int MAX_CHARACTERS = 50_000;
  private static final String TEXT = "inputText";
  private static final String FLOAT = "float";
  private static final String BINARY = "binary";
  private static final Set<String> KNOWN_BY_G1 = Set.of(TEXT);
  private static final Set<String> KNOWN =
      Set.of(TEXT, "dimensions", "normalize", "embeddingTypes");
  private static final List<String> G1 = List.of("titan-embed-text-v1", "titan-embed-g1-text");

  private final EncoderCalls calls;

  TitanEmbeddings(EncoderCalls calls) {
    this.calls = calls;
  }

  /** Answers one request. */
  void invoke(InvokeEncoder.Call call, ObjectNode body, ServedEncoder.Embedder model)
      throws InterruptedException {
    boolean first = G1.stream().anyMatch(call.id()::contains);
    Request request = read(body, model, first);
    calls.invoke(
        call.exchange(),
        model,
        List.of(model.text().encode(request.text())),
        call.tier(),
        found -> tooLong(model, found),
        vectors -> answer(request, vectors, first));
  }

  /**
   * A request.
   *
   * @param dimensions numbers of the embedding
   * @param normalize whether it is scaled to length 1
   * @param types the forms it is answered in
   */
  private record Request(String text, int dimensions, boolean normalize, Set<String> types) {}

  private static Request read(ObjectNode body, ServedEncoder.Embedder model, boolean first) {
    Fields fields = Fields.of(body);
    Malformed.checkKeys(fields, List.of(TEXT), first ? KNOWN_BY_G1 : KNOWN);
    String text = fields.string(TEXT, 0, Integer.MAX_VALUE);
    Malformed.checkLength(TEXT, text, 1, MAX_CHARACTERS);
    Set<String> types = new LinkedHashSet<>(fields.strings("embeddingTypes", 2, 0, 64));
    for (String type : types) {
      if (!type.equals(FLOAT) && !type.equals(BINARY)) {
        throw fields.bad("embeddingTypes", "must hold only float and binary");
      }
    }
    return new Request(
        text,
        fields.integer("dimensions", 1, model.dimensions(), model.dimensions()),
        fields.bool("normalize", true),
        types.isEmpty() ? Set.of(FLOAT) : types);
  }

  private static ApiError tooLong(ServedEncoder model, EncoderAnswer.TooLong found) {
    return ApiError.validation(
        "400 Bad Request: Too many input tokens. Max input tokens: %d, request input token count: %d"
            .formatted(model.maxTokens(), found.tokens()));
  }

  private static ObjectNode answer(Request request, EncoderAnswer.Vectors vectors, boolean first) {
    float[] vector =
        VectorForm.shortened(
            vectors.values().getFirst(), request.dimensions(), request.normalize());
    ObjectNode answer = Json.object();
    ObjectNode byType = Json.object();
    if (request.types().contains(BINARY)) {
      byType.putPOJO(BINARY, VectorForm.bits(vector));
    }
    if (request.types().contains(FLOAT)) {
      answer.putPOJO("embedding", vector);
      byType.putPOJO(FLOAT, vector);
    }
    if (!first) {
      answer.set("embeddingsByType", byType);
    }
    return answer.put("inputTextTokenCount", vectors.tokens());
  }
}
