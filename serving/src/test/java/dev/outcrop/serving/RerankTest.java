package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.testing.EncoderServer;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both ways to rerank, over real HTTP. */
final class RerankTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ARN =
      "arn:aws:bedrock:us-west-2::foundation-model/cohere.rerank-v3-5:0";

  private static EncoderServer server;

  @BeforeAll
  static void start() {
    server = new EncoderServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RawHttp.Response invoke(String model, String body) throws IOException {
    return server.post("/model/" + model + "/invoke", body);
  }

  @Test
  void givesTheBestFirst() throws IOException {
    RawHttp.Response response =
        invoke(
            "cohere.rerank-v3-5:0",
            "{\"query\":\"q\",\"documents\":[\"k\",\"n\",\"m\"],\"api_version\":2}");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("X-Amzn-Bedrock-Input-Token-Count")).isEqualTo("15");
    assertThat(response.text())
        .isEqualTo(
            "{\"results\":[{\"index\":1,\"relevance_score\":0.7310586},"
                + "{\"index\":2,\"relevance_score\":0.5},"
                + "{\"index\":0,\"relevance_score\":0.11920292}]}");
  }

  @Test
  void givesAsManyAsAskedForAndTheirDocuments() throws IOException {
    assertThat(
            invoke(
                    "amazon.rerank-v1:0",
                    "{\"query\":\"q\",\"documents\":[\"m\",{\"text\":\"m\"},\"a\"],\"top_n\":2,"
                        + "\"return_documents\":true}")
                .text())
        .isEqualTo(
            "{\"results\":[{\"index\":0,\"relevance_score\":0.5,\"document\":{\"text\":\"m\"}},"
                + "{\"index\":1,\"relevance_score\":0.5,\"document\":{\"text\":\"m\"}}]}");
  }

  @Test
  void cutsDocumentsThatAreTooLong() throws IOException {
    RawHttp.Response response =
        invoke("rank", "{\"query\":\"q\",\"documents\":[\"%s\"]}".formatted("n".repeat(50)));

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("X-Amzn-Bedrock-Input-Token-Count")).isEqualTo("12");
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(
            "{}",
            "#: required key [query] not found#: required key [documents] not found#: required key"
                + " [api_version] not found"),
        Arguments.of(
            "{\"prompt\":\"p\",\"query\":\"q\",\"documents\":[\"a\"],\"api_version\":2}",
            "#: extraneous key [prompt] is not permitted"),
        Arguments.of(
            "{\"query\":\"\",\"documents\":[\"a\"],\"api_version\":2}",
            "#/query: expected minLength: 1, actual: 0"),
        Arguments.of(
            "{\"query\":\"q\",\"documents\":[],\"api_version\":2}",
            "#/documents: expected minimum item count: 1, found: 0"),
        Arguments.of(
            "{\"query\":\"q\",\"documents\":[7],\"api_version\":2}",
            "documents.0 must be a string, or an object with a text"),
        Arguments.of(
            "{\"query\":\"q\",\"documents\":\"a\",\"api_version\":2}",
            "documents must be an array"),
        Arguments.of(
            "{\"query\":\"q\",\"documents\":[\"a\"],\"api_version\":3}",
            "api_version must be between 1 and 2"),
        Arguments.of(
            "{\"query\":\"q\",\"documents\":[\"a\"],\"api_version\":2,\"top_n\":0}",
            "top_n must be between 1 and"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesWithTheReason(String body, String message) throws IOException {
    RawHttp.Response response = invoke("cohere.rerank-v3-5:0", body);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.text()).contains(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"converse", "converse-stream", "invoke-with-response-stream"})
  void refusesOtherOperations(String operation) throws IOException {
    assertThat(
            server
                .post(
                    "/model/rank/" + operation,
                    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"x\"}]}]}")
                .status())
        .isEqualTo(400);
  }

  private static ObjectNode request(List<ObjectNode> documents) {
    ObjectNode request = JSON.createObjectNode();
    request
        .putArray("queries")
        .addObject()
        .put("type", "TEXT")
        .putObject("textQuery")
        .put("text", "q");
    ArrayNode sources = request.putArray("sources");
    documents.forEach(
        document ->
            sources.addObject().put("type", "INLINE").set("inlineDocumentSource", document));
    request
        .putObject("rerankingConfiguration")
        .put("type", "BEDROCK_RERANKING_MODEL")
        .putObject("bedrockRerankingConfiguration")
        .putObject("modelConfiguration")
        .put("modelArn", ARN);
    return request;
  }

  private static ObjectNode configuration(ObjectNode request) {
    return (ObjectNode) request.get("rerankingConfiguration").get("bedrockRerankingConfiguration");
  }

  private static ObjectNode text(String text) {
    ObjectNode document = JSON.createObjectNode().put("type", "TEXT");
    document.putObject("textDocument").put("text", text);
    return document;
  }

  private static RawHttp.Response rerank(ObjectNode request) throws IOException {
    return server.post("/rerank", request.toString());
  }

  @Test
  void reranksSourcesOfBothTypes() throws IOException {
    ObjectNode json = JSON.createObjectNode().put("type", "JSON");
    json.putObject("jsonDocument").put("title", "x");
    ObjectNode request = request(List.of(text("k"), json, text("n")));
    configuration(request).put("numberOfResults", 2);

    RawHttp.Response response = rerank(request);

    assertThat(response.status()).as(response.text()).isEqualTo(200);
    JsonNode results = JSON.readTree(response.text()).get("results");
    assertThat(results).hasSize(2);
    assertThat(results.get(0)).hasToString("{\"index\":1,\"relevanceScore\":0.99999917}");
    assertThat(results.get(1).get("relevanceScore").doubleValue()).isCloseTo(0.731, within(1e-3));
    assertThat(JSON.readTree(response.text()).has("nextToken")).isFalse();
  }

  @Test
  void givesDocumentsBackInPagesOfOneOrder() throws IOException {
    List<ObjectNode> documents = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      documents.add(text((char) ('a' + i % 26) + "x".repeat(31_999)));
    }
    ObjectNode request = request(documents);
    ((ObjectNode) configuration(request).get("modelConfiguration"))
        .putObject("additionalModelRequestFields")
        .put("return_documents", true);
    JsonNode first = JSON.readTree(rerank(request).text());
    int scored = server.scored.get();
    assertThat(first.get("results")).hasSize(125);
    assertThat(first.get("results").get(0).get("document"))
        .isEqualTo(documents.get(first.get("results").get(0).get("index").intValue()));

    request.put("nextToken", first.get("nextToken").textValue());
    JsonNode second = JSON.readTree(rerank(request).text());

    assertThat(second.get("results")).hasSize(75);
    assertThat(second.has("nextToken")).isFalse();
    assertThat(server.scored.get()).as("the model did not run again").isEqualTo(scored);
    List<Integer> order = new ArrayList<>();
    for (JsonNode page : List.of(first, second)) {
      page.get("results").forEach(result -> order.add(result.get("index").intValue()));
    }
    assertThat(order).doesNotHaveDuplicates().hasSize(200);
    assertThat(order.subList(0, 7)).containsExactly(25, 51, 77, 103, 129, 155, 181);

    request.put("nextToken", "125-" + "A".repeat(43));
    assertThat(rerank(request).text()).contains("nextToken is not valid for this request");
  }

  static Stream<Arguments> broken() {
    return Stream.of(
        Arguments.of("/queries", "null", "queries must hold between 1 and 1 items, has 0"),
        Arguments.of("/queries/0/type", "\"IMAGE\"", "queries.0.type must be one of [TEXT]"),
        Arguments.of("/queries/0/textQuery", "{}", "queries.0.textQuery.text is required"),
        Arguments.of("/sources", "[]", "sources must hold between 1 and 1000 items, has 0"),
        Arguments.of("/sources/0/type", "null", "sources.0.type is required"),
        Arguments.of(
            "/sources/0/inlineDocumentSource/type",
            "\"JSON\"",
            "sources.0.inlineDocumentSource.jsonDocument is required"),
        Arguments.of(
            "/sources/0/inlineDocumentSource/textDocument/text",
            "\"%s\"".formatted("x".repeat(32_001)),
            "must have between 1 and 32000 characters, has 32001"),
        Arguments.of("/rerankingConfiguration", "null", "rerankingConfiguration is required"),
        Arguments.of(
            "/rerankingConfiguration/bedrockRerankingConfiguration/numberOfResults",
            "2",
            "Cannot provide numberOfResults value that exceeds the number of sources."),
        Arguments.of(
            "/rerankingConfiguration/bedrockRerankingConfiguration/numberOfResults",
            "1001",
            "numberOfResults must be between 1 and 1000, was 1001"),
        Arguments.of(
            "/rerankingConfiguration/bedrockRerankingConfiguration/modelConfiguration/modelArn",
            "\"arn:aws:bedrock:us-west-2::foundation-model/other\"",
            "The provided model ARN for reranking is invalid."),
        Arguments.of(
            "/rerankingConfiguration/bedrockRerankingConfiguration/modelConfiguration/modelArn",
            "\"own\"",
            "The provided model ARN for reranking is invalid."),
        Arguments.of("/nextToken", "\"x\"", "nextToken is not valid for this request"),
        Arguments.of("/nextToken", "\"\"", "nextToken must have between 1 and 2048 characters"));
  }

  @ParameterizedTest
  @MethodSource("broken")
  void refusesBrokenRequests(String pointer, String value, String message) throws IOException {
    ObjectNode request = request(List.of(text("k")));
    set(request, pointer, JSON.readTree(value));

    RawHttp.Response response = rerank(request);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.text()).contains(message);
  }

  private static void set(ObjectNode request, String pointer, JsonNode value) {
    int last = pointer.lastIndexOf('/');
    ((ObjectNode) request.at(pointer.substring(0, last))).set(pointer.substring(last + 1), value);
  }
}
