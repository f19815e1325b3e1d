package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.catalog.ModelIds;
import dev.outcrop.serving.embed.EncoderAnswer;
import dev.outcrop.serving.embed.EncoderService;
import dev.outcrop.serving.embed.Scored;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.json.Malformed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rerank of bedrock-agent-runtime (2023-07-26). An answer has all results, unless it carries
 * documents that are too large for one; then it ends in a token that the next request brings back.
 */
public final class RerankApi implements Api {
  /** Characters of documents in one answer, beyond which it ends in a token. */
  private static final int MAX_ANSWER = 4_000_000;

  private static final int MAX_TEXT = 32_000;
  private static final int MAX_TOKEN = 2_048;
  private static final Set<String> MORE = Set.of("max_tokens_per_doc", "return_documents");

  private final ModelIds ids;
  private final EncoderCalls calls;
  private final Json json;
  private final RankingMemory memory = new RankingMemory();

  /** Creates the operation. */
  public RerankApi(ModelIds ids, EncoderService service, Json json) {
    this.ids = ids;
    this.calls = new EncoderCalls(service, json);
    this.json = json;
  }

  @Override
  public @Nullable Call route(String method, String rawPath) {
    if (!method.equals("POST") || !rawPath.equals("/rerank")) {
      return null;
    }
    return Call.of("Rerank", this::rerank);
  }

  /**
   * A request.
   *
   * @param sources the documents as they came
   * @param texts their texts
   * @param count results to give
   * @param withDocuments whether these carry their documents
   * @param tokensPerDocument the most tokens of a document
   */
  private record Request(
      ServedEncoder.Reranker model,
      String query,
      List<JsonNode> sources,
      List<String> texts,
      int count,
      boolean withDocuments,
      int tokensPerDocument) {}

  private void rerank(Exchange exchange) throws InterruptedException {
    ObjectNode body = json.object(exchange.body());
    Fields fields = Fields.of(body);
    Request request = read(fields, exchange);
    String token = fields.stringOrNull("nextToken", 1, MAX_TOKEN);
    body.remove("nextToken");
    RankingMemory.Page page =
        RankingMemory.page(token, exchange.caller().tenant(), json.bytes(body), request.count());
    List<Scored> known = token == null ? null : memory.find(page.request());
    if (known != null) {
      answer(exchange, request, known, page);
      return;
    }
    EncoderAnswer answer =
        calls.run(
            exchange,
            request.model(),
            calls.pairs(
                exchange,
                request.model(),
                request.query(),
                request.texts(),
                request.tokensPerDocument()));
    switch (answer) {
      case EncoderAnswer.Vectors(var values, _) ->
          answer(exchange, request, Scored.ranked(values), page);
      case EncoderAnswer.TooLong(int text, int tokens) ->
          exchange.fail(EncoderCalls.tooLong(text, tokens, request.model().maxTokens()));
      case EncoderAnswer.Refused(var reason, var message, var retryAfter) ->
          exchange.fail(ApiError.of(reason, message, retryAfter));
    }
  }

  private void answer(
      Exchange exchange, Request request, List<Scored> ranked, RankingMemory.Page page) {
    ObjectNode answer = Json.object();
    ArrayNode results = answer.putArray("results");
    int characters = 0;
    int next = page.from();
    while (next < request.count() && characters < MAX_ANSWER) {
      Scored scored = ranked.get(next);
      ObjectNode result = results.addObject();
      result.put("index", scored.index()).put("relevanceScore", scored.score());
      if (request.withDocuments()) {
        result.set("document", request.sources().get(scored.index()));
        characters += request.texts().get(scored.index()).length();
      }
      next++;
    }
    if (next < request.count()) {
      memory.keep(page.request(), ranked);
      answer.put("nextToken", page.token(next));
    }
    exchange.send(json.bytes(answer), Map.of());
  }

  private Request read(Fields body, Exchange exchange) {
    List<Fields> queries = body.objects("queries", Integer.MAX_VALUE);
    checkCount(body, "queries", queries.size(), 1);
    String query = text(typed(queries.getFirst(), "TEXT"), "textQuery");
    List<Fields> sources = body.objects("sources", Integer.MAX_VALUE);
    checkCount(body, "sources", sources.size(), RerankBody.MAX_DOCUMENTS);
    List<JsonNode> documents = new ArrayList<>(sources.size());
    List<String> texts = new ArrayList<>(sources.size());
    for (Fields source : sources) {
      Fields document = typed(source, "INLINE").object("inlineDocumentSource");
      documents.add(document.node());
      texts.add(text(document));
    }
    Fields configuration =
        typed(body.object("rerankingConfiguration"), "BEDROCK_RERANKING_MODEL")
            .object("bedrockRerankingConfiguration");
    int count = configuration.integer("numberOfResults", 1, RerankBody.MAX_DOCUMENTS, texts.size());
    if (count > texts.size()) {
      throw Fields.invalid(
          "Cannot provide numberOfResults value that exceeds the number of sources.");
    }
    Fields chosen = configuration.object("modelConfiguration");
    ServedEncoder.Reranker model = model(chosen.string("modelArn", 1, 2_048));
    exchange.model(model.id());
    Fields more = chosen.objectOrNull("additionalModelRequestFields");
    if (more == null) {
      return new Request(model, query, documents, texts, count, false, Integer.MAX_VALUE);
    }
    Malformed.checkKeys(more, List.of(), MORE);
    return new Request(
        model,
        query,
        documents,
        texts,
        count,
        more.bool("return_documents", false),
        RerankBody.maxTokensPerDocument(more));
  }

  private ServedEncoder.Reranker model(String arn) {
    ModelIds.Served served;
    try {
      served = ids.find(arn);
    } catch (OutcropException e) {
      throw invalidModel();
    }
    return switch (served) {
      case ModelIds.Served.Encoder(ServedEncoder.Reranker reranker) -> reranker;
      case ModelIds.Served.Encoder(ServedEncoder.Embedder _) -> throw invalidModel();
      case ModelIds.Served.Generator _ -> throw invalidModel();
    };
  }

  private static OutcropException invalidModel() {
    return Fields.invalid(
        "The provided model ARN for reranking is invalid. Please, use a valid model ARN. Also check"
            + " the model ARN follows this format:"
            + " arn:<partition>:bedrock:<region>:<foundation-model/<model-id>");
  }

  private static Fields typed(Fields fields, String type) {
    if (fields.choiceOrNull("type", List.of(type)) == null) {
      throw fields.bad("type", "is required");
    }
    return fields;
  }

  private String text(Fields document) {
    String type = document.choiceOrNull("type", List.of("TEXT", "JSON"));
    if (type == null) {
      throw document.bad("type", "is required");
    }
    if (type.equals("TEXT")) {
      return text(document, "textDocument");
    }
    JsonNode value = document.raw("jsonDocument");
    if (value == null) {
      throw document.bad("jsonDocument", "is required");
    }
    return json.text(value);
  }

  private static String text(Fields fields, String name) {
    return fields.object(name).string("text", 1, MAX_TEXT);
  }

  private static void checkCount(Fields body, String name, int count, int most) {
    if (count < 1 || count > most) {
      throw body.bad(name, "must hold between 1 and %d items, has %d".formatted(most, count));
    }
  }
}
