package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.testing.EncoderServer;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bodies of embeddings and rerankers that are broken somewhere are answered or refused. */
final class HostileEncoderBodiesTest {
  private static final int MUTANTS = 400;
  private static final String SECRET = "the caller's own words";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A body of every form with everything in it that the form has, by its path. */
  private static final List<Map.Entry<String, String>> BODIES =
      List.of(
          Map.entry(
              "/model/own/invoke",
              "{'inputText':'a','dimensions':4,'normalize':true,'embeddingTypes':['float']}"),
          Map.entry(
              "/model/cohere.embed-english-v3/invoke",
              "{'texts':['a','b'],'input_type':'search_query','truncate':'END',"
                  + "'embedding_types':['int8','base64']}"),
          Map.entry(
              "/model/cohere.embed-v4%3A0/invoke",
              "{'inputs':[{'content':[{'type':'text','text':'a'}]}],'input_type':'clustering',"
                  + "'truncate':'LEFT','output_dimension':4,'max_tokens':8}"),
          Map.entry(
              "/model/cohere.rerank-v3-5%3A0/invoke",
              "{'query':'q','documents':['a',{'text':'b'}],'top_n':1,'api_version':2,"
                  + "'return_documents':true,'max_tokens_per_doc':9}"),
          Map.entry(
              "/rerank",
              "{'queries':[{'type':'TEXT','textQuery':{'text':'q'}}],'sources':[{'type':'INLINE',"
                  + "'inlineDocumentSource':{'type':'TEXT','textDocument':{'text':'a'}}},{'type':"
                  + "'INLINE','inlineDocumentSource':{'type':'JSON','jsonDocument':{'a':[1]}}}],"
                  + "'rerankingConfiguration':{'type':'BEDROCK_RERANKING_MODEL',"
                  + "'bedrockRerankingConfiguration':{'numberOfResults':1,'modelConfiguration':"
                  + "{'modelArn':'rank','additionalModelRequestFields':{'return_documents':true}}}}}"),
          Map.entry(
              "/v1/embeddings",
              "{'model':'own','input':['a',[1,2]],'encoding_format':'base64','dimensions':4,"
                  + "'user':'u'}"));

  private final Random random = new Random(7);

  @Test
  void everyMutantIsAnsweredOrRefusedAsTheCallersFault() throws IOException {
    try (EncoderServer server = new EncoderServer();
        RawHttp http = new RawHttp(server.server.port())) {
      int refused = 0;
      for (Map.Entry<String, String> body : BODIES) {
        assertThat(send(http, body.getKey(), parsed(body.getValue())).status())
            .as(body.getKey())
            .isEqualTo(200);
        for (int i = 0; i < MUTANTS; i++) {
          ObjectNode mutant = parsed(body.getValue());
          for (int change = random.nextInt(3); change >= 0; change--) {
            mutate(mutant);
          }
          RawHttp.Response response = send(http, body.getKey(), mutant);
          assertThat(response.status()).as(mutant::toString).isIn(200, 400, 404);
          if (response.status() != 200) {
            refused++;
            assertThat(response.text()).contains("\"message\":\"").doesNotContain(SECRET);
          }
        }
      }
      assertThat(refused).isBetween(BODIES.size() * MUTANTS / 4, BODIES.size() * MUTANTS - 1);
    }
  }

  private static RawHttp.Response send(RawHttp http, String path, ObjectNode body)
      throws IOException {
    http.write(RawHttp.request("POST", path, body.toString(), ""));
    return http.response();
  }

  private static ObjectNode parsed(String body) throws IOException {
    return (ObjectNode) JSON.readTree(body.replace('\'', '"'));
  }

  /** Changes, takes out or adds something at a random place. */
  private void mutate(ObjectNode body) {
    List<JsonNode> places = new ArrayList<>();
    collect(body, places);
    switch (places.get(random.nextInt(places.size()))) {
      case ObjectNode object -> {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        String name = names.isEmpty() ? "x" : names.get(random.nextInt(names.size()));
        switch (random.nextInt(4)) {
          case 0 -> object.remove(name);
          case 1 -> object.set("new", value());
          default -> object.set(name, value());
        }
      }
      case ArrayNode array -> {
        if (array.isEmpty() || random.nextInt(3) == 0) {
          array.add(value());
        } else {
          array.set(random.nextInt(array.size()), value());
        }
      }
      default -> throw new IllegalStateException("only objects and arrays are collected");
    }
  }

  private static void collect(JsonNode node, List<JsonNode> places) {
    if (node.isContainerNode()) {
      places.add(node);
      node.forEach(child -> collect(child, places));
    }
  }

  private JsonNode value() {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (random.nextInt(14)) {
      case 0 -> nodes.nullNode();
      case 1 -> nodes.booleanNode(random.nextBoolean());
      case 2 -> nodes.numberNode(-1);
      case 3 -> nodes.numberNode(0);
      case 4 -> nodes.numberNode(1.5);
      case 5 -> nodes.numberNode(1e300);
      case 6 -> nodes.numberNode(Long.MAX_VALUE);
      case 7 -> nodes.textNode("");
      case 8 -> nodes.textNode(SECRET);
      case 9 -> nodes.textNode("\ud800 \u0000 \u202e");
      case 10 -> nodes.arrayNode();
      case 11 -> nodes.arrayNode().add(SECRET).add(nodes.nullNode());
      case 12 -> nodes.objectNode();
      default -> nodes.objectNode().set("text", nodes.arrayNode().add(7));
    };
  }
}
