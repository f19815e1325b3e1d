package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.EncoderServer;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.util.Collections;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Embeddings as OpenAI's API has them, over real HTTP. */
final class OpenAiEmbeddingsTest {
  private static final String VECTOR = "[0.6,-0.8,0.0,0.0,0.0,0.0,0.0,0.0]";

  private static EncoderServer server;

  @BeforeAll
  static void start() {
    server = new EncoderServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RawHttp.Response embed(String rest) throws IOException {
    return server.post("/v1/embeddings", "{\"model\":\"own\"," + rest + "}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/embeddings", "/openai/v1/embeddings"})
  void embedsAText(String path) throws IOException {
    RawHttp.Response response = server.post(path, "{\"model\":\"own\",\"input\":\"abc\"}");

    assertThat(response.status()).as(response.text()).isEqualTo(200);
    assertThat(response.text())
        .isEqualTo(
            "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":"
                + VECTOR
                + "}],\"model\":\"own\",\"usage\":{\"prompt_tokens\":5,\"total_tokens\":5}}");
  }

  @Test
  void takesTextsAndTokenIds() throws IOException {
    assertThat(embed("\"input\":[\"a\",\"b\"]").text())
        .contains("\"index\":1", "\"prompt_tokens\":6,");
    assertThat(embed("\"input\":[1,2,3]").text())
        .contains("\"index\":0", "\"prompt_tokens\":3,")
        .doesNotContain("\"index\":1");
    assertThat(embed("\"input\":[[1,2,3],[4]]").text())
        .contains("\"index\":1", "\"prompt_tokens\":4,");
  }

  @Test
  void answersInBase64AndInFewerDimensions() throws IOException {
    assertThat(
            embed(
                    "\"input\":\"abc\",\"encoding_format\":\"base64\",\"dimensions\":2,\"user\":\"u\"")
                .text())
        .contains("\"embedding\":\"mpkZP83MTL8=\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "x":1                                  | input must be a string, token ids, or an array of these
          "input":[]                             | input must be a string, token ids, or an array of these
          "input":{}                             | input must be a string, token ids, or an array of these
          "input":""                             | input must have between 1 and 512000 characters, has 0
          "input":["a",""]                       | input.1 must have between 1 and 512000 characters, has 0
          "input":["a",7]                        | input.1 must be a string or token ids
          "input":[[]]                           | input.0 must be a string or token ids
          "input":[1,256]                        | input.1 must be a token id from 0 to 255
          "input":[1,-1]                         | input.1 must be a token id from 0 to 255
          "input":[1,1.5]                        | input.1 must be a token id from 0 to 255
          "input":[1,"a"]                        | input.1 must be a token id from 0 to 255
          "input":"a","dimensions":0             | dimensions must be between 1 and 8, was 0
          "input":"a","dimensions":9             | dimensions must be between 1 and 8, was 9
          "input":"a","encoding_format":"hex"    | encoding_format must be one of [float, base64]
          "input":"aaaaaaaaaaaaaaaaaaa"          | Input 0 has 21 tokens, the model takes 12.
          """)
  void refusesWithTheReason(String rest, String message) throws IOException {
    RawHttp.Response response = embed(rest);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.text()).contains(message);
  }

  @Test
  void refusesTooMuch() throws IOException {
    assertThat(embed("\"input\":[" + String.join(",", Collections.nCopies(2_049, "\"a\"")) + "]"))
        .satisfies(response -> assertThat(response.status()).isEqualTo(400))
        .satisfies(
            response ->
                assertThat(response.text())
                    .contains("input must hold at most 2048 items, has 2049"));
    assertThat(embed("\"input\":[\"" + "a".repeat(400_000) + "\"]").text())
        .contains("input must have at most 300000 tokens in all, has 400002");
  }

  @ParameterizedTest
  @CsvSource({
    "rank,    400, model is one that makes no embeddings",
    "nothing, 404, There is no such model."
  })
  void refusesModelsThatMakeNone(String model, int status, String message) throws IOException {
    RawHttp.Response response =
        server.post("/v1/embeddings", "{\"model\":\"%s\",\"input\":\"a\"}".formatted(model));

    assertThat(response.status()).isEqualTo(status);
    assertThat(response.text())
        .contains("\"error\":{\"message\":\"" + message, "\"param\":\"model\"");
  }

  @Test
  void listsModelsThatMakeEmbeddings() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("GET", "/v1/models", "", ""));
      assertThat(http.response().text()).contains("\"id\":\"own\"", "\"id\":\"rank\"");
    }
  }

  @Test
  void wantsAModel() throws IOException {
    assertThat(server.post("/v1/embeddings", "{\"input\":\"a\"}").text())
        .contains("model is required");
  }
}
