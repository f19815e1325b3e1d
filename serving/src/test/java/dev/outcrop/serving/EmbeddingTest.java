package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.batching.encode.EncodeBatch;
import dev.outcrop.batching.encode.EncodeBatcher;
import dev.outcrop.batching.encode.EncodeConfig;
import dev.outcrop.batching.encode.Encoder;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.testing.CharText;
import dev.outcrop.serving.testing.MetricsPages;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Titan body of InvokeModel over the real batcher, on an encoder without weights. */
final class EmbeddingTest {
  private static final int FAILS = 'F';
  private static final int DIES = 'D';

  private EncodeBatcher batcher;
  private OutcropServer server;

  /** A text of n characters has n tokens and the vector (3, -4, 0, n). */
  private static final class Lengths implements Encoder {
    @Override
    public float[][] encode(EncodeBatch batch) {
      float[][] vectors = new float[batch.rows()][];
      for (int row = 0; row < vectors.length; row++) {
        int first = batch.tokens(row)[0];
        if (first == FAILS || first == DIES) {
          throw new OutcropException(
              first == DIES ? ModelError.ENGINE_DEAD : ModelError.STEP_FAILED, "broken");
        }
        vectors[row] = new float[] {3, -4, 0, batch.tokens(row).length};
      }
      return vectors;
    }
  }

  @BeforeEach
  void start() {
    batcher =
        EncodeBatcher.start(
            "lengths",
            new Lengths(),
            new EncodeConfig(List.of(8, 16), 64, 4, Duration.ZERO, 16, 1_000, 16),
            System::nanoTime);
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
            List.of(),
            List.of(
                new ServedEncoder.Embedder(
                    "amazon.titan-embed-text-v2:0",
                    List.of("lengths", "amazon.titan-embed-text-v1"),
                    batcher,
                    new CharText(false, Map.of()),
                    4,
                    65_536,
                    12)));
  }

  @AfterEach
  void stop() {
    server.close();
    batcher.close();
  }

  private RawHttp.Response invoke(String body) throws IOException {
    return RawHttp.post(server.port(), "/model/amazon.titan-embed-text-v2:0/invoke", body);
  }

  @Test
  void answersInTheWordsOfTitan() throws IOException {
    RawHttp.Response response = invoke("{\"inputText\":\"123456789012\"}");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("X-Amzn-Bedrock-Input-Token-Count")).isEqualTo("12");
    JsonNode answer = new ObjectMapper().readTree(response.text());
    assertThat(answer.properties().stream().map(entry -> entry.getKey()))
        .containsExactly("embedding", "embeddingsByType", "inputTextTokenCount");
    assertThat(answer.get("inputTextTokenCount").intValue()).isEqualTo(12);
    assertThat(answer.get("embeddingsByType").get("float")).isEqualTo(answer.get("embedding"));
    double[] expected = {3 / 13.0, -4 / 13.0, 0, 12 / 13.0};
    for (int i = 0; i < expected.length; i++) {
      assertThat(answer.get("embedding").get(i).doubleValue()).isCloseTo(expected[i], within(1e-6));
    }
  }

  @Test
  void leavesTheLengthAsItIsWhereAskedTo() throws IOException {
    assertThat(invoke("{\"inputText\":\"12\",\"normalize\":false}").text())
        .contains("\"embedding\":[3.0,-4.0,0.0,2.0]");
  }

  @Test
  void shortensAndThenScales() throws IOException {
    assertThat(invoke("{\"inputText\":\"12\",\"dimensions\":2}").text())
        .contains("\"embedding\":[0.6,-0.8],");
  }

  @Test
  void answersAsTheFirstTitanWhereItsIdSaysSo() throws IOException {
    String path = "/model/amazon.titan-embed-text-v1/invoke";
    assertThat(RawHttp.post(server.port(), path, "{\"inputText\":\"123\"}").text())
        .startsWith("{\"embedding\":[")
        .endsWith("],\"inputTextTokenCount\":3}")
        .doesNotContain("embeddingsByType");
    RawHttp.Response refused =
        RawHttp.post(server.port(), path, "{\"inputText\":\"123\",\"dimensions\":2}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.text())
        .contains(
            "Malformed input request: #: extraneous key [dimensions] is not permitted, please"
                + " reformat your input and try again.");
  }

  @Test
  void namesTheTierAndTheLatencyThatARequestNamed() throws IOException {
    try (RawHttp http = new RawHttp(server.port())) {
      http.write(
          RawHttp.request(
              "POST",
              "/model/lengths/invoke",
              "{\"inputText\":\"1\"}",
              "X-Amzn-Bedrock-Service-Tier: priority\r\n"
                  + "X-Amzn-Bedrock-PerformanceConfig-Latency: optimized\r\n"));
      RawHttp.Response response = http.response();
      assertThat(response.header("X-Amzn-Bedrock-Service-Tier")).isEqualTo("default");
      assertThat(response.header("X-Amzn-Bedrock-PerformanceConfig-Latency")).isEqualTo("standard");
    }
    RawHttp.Response response = invoke("{\"inputText\":\"1\"}");
    assertThat(response.header("X-Amzn-Bedrock-Service-Tier")).isNull();
    assertThat(response.header("X-Amzn-Bedrock-PerformanceConfig-Latency")).isNull();
  }

  @Test
  void answersBinaryAloneWithoutEmbedding() throws IOException {
    assertThat(invoke("{\"inputText\":\"12\",\"embeddingTypes\":[\"binary\"]}").text())
        .isEqualTo("{\"embeddingsByType\":{\"binary\":[1,0,0,1]},\"inputTextTokenCount\":2}");
  }

  @Test
  void answersBothTypes() throws IOException {
    assertThat(
            invoke(
                    "{\"inputText\":\"1\",\"embeddingTypes\":[\"float\",\"binary\"],\"dimensions\":2}")
                .text())
        .isEqualTo(
            "{\"embedding\":[0.6,-0.8],\"embeddingsByType\":{\"binary\":[1,0],\"float\":[0.6,-0.8]},"
                + "\"inputTextTokenCount\":1}");
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of("{}", "required key [inputText] not found"),
        Arguments.of("{\"prompt\":\"x\"}", "required key [inputText] not found"),
        Arguments.of("{\"inputText\":\"\"}", "#/inputText: expected minLength: 1, actual: 0"),
        Arguments.of(
            "{\"inputText\":\"" + "x".repeat(50_001) + "\"}",
            "#/inputText: expected maxLength: 50000, actual: 50001"),
        Arguments.of("{\"inputText\":7}", "inputText must be a string"),
        Arguments.of("{\"inputText\":\"x\",\"n\":1}", "extraneous key [n] is not permitted"),
        Arguments.of(
            "{\"inputText\":\"x\",\"dimensions\":0}", "dimensions must be between 1 and 4"),
        Arguments.of(
            "{\"inputText\":\"x\",\"dimensions\":5}", "dimensions must be between 1 and 4"),
        Arguments.of("{\"inputText\":\"x\",\"normalize\":1}", "normalize must be true or false"),
        Arguments.of(
            "{\"inputText\":\"x\",\"embeddingTypes\":[\"int8\"]}",
            "must hold only float and binary"),
        Arguments.of(
            "{\"inputText\":\"1234567890123\"}",
            "400 Bad Request: Too many input tokens. Max input tokens: 12, request input token"
                + " count: 13"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesWithTheReason(String body, String message) throws IOException {
    RawHttp.Response response = invoke(body);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.text()).contains(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"converse", "converse-stream"})
  void refusesConverse(String operation) throws IOException {
    RawHttp.Response response =
        RawHttp.post(
            server.port(),
            "/model/lengths/" + operation,
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"x\"}]}]}");

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.text()).contains("This action doesn't support the model that you provided");
  }

  @Test
  void refusesToStream() throws IOException {
    RawHttp.Response response =
        RawHttp.post(
            server.port(), "/model/lengths/invoke-with-response-stream", "{\"inputText\":\"x\"}");

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.text()).contains("The model is unsupported for streaming.");
  }

  @Test
  void failsOneTextAndServesTheNext() throws IOException {
    RawHttp.Response failed = invoke("{\"inputText\":\"F\"}");
    assertThat(failed.status()).isEqualTo(500);
    assertThat(failed.header("x-amzn-ErrorType")).isEqualTo("InternalServerException");
    assertThat(invoke("{\"inputText\":\"12\"}").status()).isEqualTo(200);
  }

  @Test
  void isNotReadyWithoutItsEncoder() throws IOException {
    assertThat(management("/readyz")).isEqualTo(200);
    assertThat(invoke("{\"inputText\":\"D\"}").status()).isEqualTo(503);
    assertThat(invoke("{\"inputText\":\"12\"}").status()).isEqualTo(503);
    assertThat(management("/readyz")).isEqualTo(503);
  }

  @Test
  void countsTokensAndBatches() throws Exception {
    invoke("{\"inputText\":\"12345\"}");
    String metrics = MetricsPages.after(server.managementPort(), 1);
    String model = "model=\"amazon.titan-embed-text-v2:0\"";
    assertThat(metrics)
        .contains("outcrop_engine_steps_total{" + model + ",} 1.0")
        .contains("outcrop_engine_tokens_total{" + model + ",kind=\"prompt\",} 5.0")
        .containsPattern(
            "outcrop_tokens_total\\{" + model + ",tenant=\"[^\"]+\",kind=\"prompt\",} 5.0");
  }

  private int management(String path) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + server.managementPort() + path);
    return ((HttpURLConnection) uri.toURL().openConnection()).getResponseCode();
  }
}
