package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.testing.EncoderServer;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The Cohere Embed bodies of InvokeModel over real HTTP. */
final class CohereEmbedTest {
  private static final String V3 = "cohere.embed-english-v3";
  private static final String V4 = "cohere.embed-v4:0";
  private static final String OWN = "own";

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

  private static JsonNode answer(String model, String body) throws IOException {
    RawHttp.Response response = invoke(model, body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return new ObjectMapper().readTree(response.text());
  }

  @Test
  void answersPlainEmbeddings() throws IOException {
    RawHttp.Response response =
        invoke(V3, "{\"texts\":[\"ab\",\"c\"],\"input_type\":\"search_document\"}");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("Content-Type")).isEqualTo("application/json");
    assertThat(response.header("X-Amzn-Bedrock-Input-Token-Count")).isEqualTo("7");
    assertThat(response.header("X-Amzn-Bedrock-Invocation-Latency")).matches("\\d+");
    assertThat(response.text())
        .matches(
            "\\{\"id\":\"[0-9a-f-]{36}\",\"embeddings\":\\[\\[0\\.6,-0\\.8(,0\\.0){6}],"
                + "\\[0\\.6,-0\\.8(,0\\.0){6}]],\"response_type\":\"embeddings_floats\","
                + "\"texts\":\\[\"ab\",\"c\"]}");
  }

  @Test
  void answersEveryTypeThatIsAskedFor() throws IOException {
    JsonNode answer =
        answer(
            V4,
            "{\"texts\":[\"ab\"],\"input_type\":\"clustering\",\"embedding_types\":[\"float\","
                + "\"int8\",\"uint8\",\"binary\",\"ubinary\",\"base64\"],\"output_dimension\":4}");

    assertThat(answer.get("response_type").textValue()).isEqualTo("embeddings_by_type");
    assertThat(answer.get("embeddings"))
        .hasToString(
            "{\"float\":[[0.6,-0.8,0.0,0.0]],\"int8\":[[25,-34,0,0]],\"uint8\":[[153,94,128,128]],"
                + "\"binary\":[[0]],\"ubinary\":[[128]],\"base64\":[\"mpkZP83MTL8AAAAAAAAAAA==\"]}");
  }

  @Test
  void answersOneTypeByTypeToo() throws IOException {
    JsonNode answer =
        answer(
            V3,
            "{\"texts\":[\"ab\"],\"input_type\":\"classification\",\"embedding_types\":[\"int8\"]}");

    assertThat(answer.get("response_type").textValue()).isEqualTo("embeddings_by_type");
    assertThat(answer.get("embeddings")).hasToString("{\"int8\":[[36,-48,0,0,0,0,0,0]]}");
  }

  @Test
  void putsThePromptOfTheInputTypeInFront() throws IOException {
    assertThat(
            invoke(OWN, "{\"texts\":[\"ab\"],\"input_type\":\"search_query\"}")
                .header("X-Amzn-Bedrock-Input-Token-Count"))
        .isEqualTo("6");
    assertThat(
            invoke(OWN, "{\"texts\":[\"ab\"],\"input_type\":\"search_document\"}")
                .header("X-Amzn-Bedrock-Input-Token-Count"))
        .isEqualTo("4");
  }

  @ParameterizedTest
  @CsvSource({
    "cohere.embed-english-v3, START, 12",
    "cohere.embed-english-v3, END,   12",
    "cohere.embed-v4:0,       LEFT,  12",
    "cohere.embed-v4:0,       RIGHT, 12",
    "own,                     END,   12",
    "own,                     LEFT,  12"
  })
  void cutsWhereAskedTo(String model, String truncate, String tokens) throws IOException {
    RawHttp.Response response =
        invoke(
            model,
            "{\"texts\":[\"%s\"],\"input_type\":\"clustering\",\"truncate\":\"%s\"}"
                .formatted("x".repeat(30), truncate));

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("X-Amzn-Bedrock-Input-Token-Count")).isEqualTo(tokens);
  }

  @Test
  void cutsToTheTokensThatAreAskedFor() throws IOException {
    String body =
        "{\"texts\":[\"abcdef\"],\"input_type\":\"clustering\",\"max_tokens\":5,\"truncate\":\"%s\"}";
    assertThat(invoke(V4, body.formatted("RIGHT")).header("X-Amzn-Bedrock-Input-Token-Count"))
        .isEqualTo("5");
    assertThat(invoke(V4, body.formatted("NONE")).text())
        .contains(
            "Input is too long for requested model. Text 0 has 8 tokens, at most 5 are allowed.");
  }

  @Test
  void takesTextInParts() throws IOException {
    String inputs =
        "[{\"content\":[{\"type\":\"text\",\"text\":\"ab\"},{\"type\":\"text\",\"text\":\"c\"}]}]";
    RawHttp.Response response =
        invoke(V4, "{\"inputs\":%s,\"input_type\":\"search_document\"}".formatted(inputs));

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("X-Amzn-Bedrock-Input-Token-Count")).isEqualTo("6");
    assertThat(response.text()).endsWith("\"inputs\":" + inputs + "}").doesNotContain("texts");
  }

  @Test
  void answersNoTextsWithNoEmbeddings() throws IOException {
    assertThat(answer(V3, "{\"texts\":[],\"input_type\":\"clustering\"}").get("embeddings"))
        .isEmpty();
  }

  private static String texts(int count) {
    return IntStream.range(0, count).mapToObj(i -> "\"a\"").collect(Collectors.joining(","));
  }

  @Test
  void takesAsManyTextsAsBedrock() throws IOException {
    assertThat(
            answer(V3, "{\"texts\":[%s],\"input_type\":\"clustering\"}".formatted(texts(96)))
                .get("embeddings"))
        .hasSize(96);
  }

  static Stream<Arguments> refused() {
    String clustering = ",\"input_type\":\"clustering\"}";
    return Stream.of(
        Arguments.of(
            V3,
            "{}",
            "Malformed input request: #: required key [texts] not found#: required key [input_type]"
                + " not found, please reformat your input and try again."),
        Arguments.of(V3, "{\"texts\":[\"a\"]}", "#: required key [input_type] not found"),
        Arguments.of(
            V3,
            "{\"texts\":[\"a\"],\"max_tokens\":3" + clustering,
            "#: extraneous key [max_tokens] is not permitted"),
        Arguments.of(
            V4,
            "{\"texts\":[\"a\"],\"n\":3" + clustering,
            "#: extraneous key [n] is not permitted"),
        Arguments.of(
            V3,
            "{\"texts\":[%s]".formatted(texts(97)) + clustering,
            "#/texts: expected maximum item count: 96, found: 97"),
        Arguments.of(
            V3,
            "{\"texts\":[\"a\",\"%s\"]".formatted("x".repeat(2_049)) + clustering,
            "#/texts/1: expected maxLength: 2048, actual: 2049"),
        Arguments.of(V4, "{\"texts\":[7]" + clustering, "texts.0 must be a string"),
        Arguments.of(V4, "{\"texts\":\"a\"" + clustering, "texts must be an array"),
        Arguments.of(
            V4,
            "{\"texts\":[\"a\"],\"input_type\":\"search\"}",
            "input_type must be one of search_document, search_query, classification, clustering"),
        Arguments.of(
            V3,
            "{\"images\":[\"data:image/png;base64,AA\"],\"input_type\":\"image\"}",
            "images are not supported by this model, which embeds text only."),
        Arguments.of(
            V4,
            "{\"texts\":[\"a\"],\"input_type\":\"image\"}",
            "input_type image is not supported"),
        Arguments.of(
            V4,
            "{\"inputs\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]"
                + clustering,
            "inputs.0.content.0.type is not supported by this model, which embeds text only."),
        Arguments.of(
            V4, "{\"inputs\":[],\"texts\":[\"a\"]" + clustering, "texts must not be there beside"),
        Arguments.of(
            V3, "{\"texts\":[\"a\"],\"truncate\":\"LEFT\"" + clustering, "truncate must be one of"),
        Arguments.of(
            V4, "{\"texts\":[\"a\"],\"truncate\":\"END\"" + clustering, "truncate must be one of"),
        Arguments.of(
            V4,
            "{\"texts\":[\"a\"],\"embedding_types\":[\"int4\"]" + clustering,
            "embedding_types must hold only"),
        Arguments.of(
            V4,
            "{\"texts\":[\"a\"],\"output_dimension\":9" + clustering,
            "output_dimension must be between 1 and 8, was 9"),
        Arguments.of(
            V3,
            "{\"texts\":[\"a\",\"%s\"]".formatted("x".repeat(30)) + clustering,
            "Input is too long for requested model. Text 1 has 32 tokens, at most 12 are allowed."));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesWithTheReason(String model, String body, String message) throws IOException {
    RawHttp.Response response = invoke(model, body);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(new ObjectMapper().readTree(response.text()).get("message").textValue())
        .contains(message);
  }

  /** A queue shorter than the request: what does not fit follows as the first come out. */
  @Test
  void runsARequestThatIsLargerThanTheQueue() throws IOException {
    try (EncoderServer narrow = new EncoderServer(5)) {
      RawHttp.Response response =
          narrow.post(
              "/model/own/invoke",
              "{\"texts\":[%s],\"input_type\":\"clustering\"}".formatted(texts(96)));

      assertThat(response.status()).as(response.text()).isEqualTo(200);
    }
  }
}
