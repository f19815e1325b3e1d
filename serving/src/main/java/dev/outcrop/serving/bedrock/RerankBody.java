package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.embed.Scored;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.json.Malformed;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of Cohere Rerank and Amazon Rerank through InvokeModel: a query and documents, the
 * best of these with their scores. A document that is too long for the model is cut at its end.
 */
final class RerankBody {
  static final int MAX_DOCUMENTS = 1_000;
  private static final int MAX_CHARACTERS = 512_000;
  private static final int MAX_TOKENS = 128_000;
  private static final List<String> REQUIRED = List.of("query", "documents");
  private static final List<String> REQUIRED_BY_COHERE =
      List.of("query", "documents", "api_version");
  private static final Set<String> KNOWN =
      Set.of(
          "query", "documents", "top_n", "api_version", "return_documents", "max_tokens_per_doc");

  private final EncoderCalls calls;

  RerankBody(EncoderCalls calls) {
    this.calls = calls;
  }

  /** Answers one request. */
  void invoke(InvokeEncoder.Call call, ObjectNode body, ServedEncoder.Reranker model)
      throws InterruptedException {
    Fields fields = Fields.of(body);
    Malformed.checkKeys(
        fields, call.id().contains("cohere.") ? REQUIRED_BY_COHERE : REQUIRED, KNOWN);
    fields.integer("api_version", 1, 2, 2);
    String query = fields.string("query", 0, Integer.MAX_VALUE);
    Malformed.checkLength("query", query, 1, MAX_CHARACTERS);
    List<String> documents = documents(fields);
    int top = fields.integer("top_n", 1, Integer.MAX_VALUE, documents.size());
    boolean whole = fields.bool("return_documents", false);
    int perDocument = maxTokensPerDocument(fields);
    calls.invoke(
        call.exchange(),
        model,
        calls.pairs(call.exchange(), model, query, documents, perDocument),
        call.tier(),
        vectors -> answer(Scored.ranked(vectors.values()), top, whole ? documents : null));
  }

  /** The most tokens of a document that a request allows. */
  static int maxTokensPerDocument(Fields fields) {
    return fields.integer("max_tokens_per_doc", 1, MAX_TOKENS, Integer.MAX_VALUE);
  }

  private static List<String> documents(Fields fields) {
    if (!(fields.raw("documents") instanceof ArrayNode items)) {
      throw fields.bad("documents", "must be an array");
    }
    Malformed.checkCount("documents", items.size(), 1, MAX_DOCUMENTS);
    List<String> documents = new ArrayList<>(items.size());
    for (JsonNode item : items) {
      String text = item.isTextual() ? item.textValue() : item.path("text").textValue();
      if (text == null) {
        throw Fields.invalid(
            "documents.%d must be a string, or an object with a text".formatted(documents.size()));
      }
      Malformed.checkLength("documents/" + documents.size(), text, 0, MAX_CHARACTERS);
      documents.add(text);
    }
    return documents;
  }

  private static ObjectNode answer(List<Scored> ranked, int top, @Nullable List<String> documents) {
    ObjectNode answer = Json.object();
    ArrayNode results = answer.putArray("results");
    for (Scored scored : ranked.subList(0, Math.min(top, ranked.size()))) {
      ObjectNode result = results.addObject();
      result.put("index", scored.index()).put("relevance_score", scored.score());
      if (documents != null) {
        result.putObject("document").put("text", documents.get(scored.index()));
      }
    }
    return answer;
  }
}
