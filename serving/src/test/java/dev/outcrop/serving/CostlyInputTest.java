package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that would cost much more than they are worth. */
final class CostlyInputTest {
  private static final String MESSAGES =
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]";
  private static final String CHAT = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
  private static final String CONVERSE = "/model/demo/converse";
  private static final String INVOKE = "/model/demo/invoke";

  static Stream<Arguments> costly() {
    String many = "\"x\",".repeat(5_000) + "\"x\"";
    return Stream.of(
        Arguments.of(INVOKE, CHAT + ",\"n\":1000000"),
        Arguments.of(INVOKE, CHAT + ",\"best_of\":1000000"),
        Arguments.of(INVOKE, CHAT + ",\"logprobs\":true,\"top_logprobs\":1000000"),
        Arguments.of(INVOKE, CHAT + ",\"stop\":[" + many + "]"),
        Arguments.of(INVOKE, CHAT + ",\"max_tokens\":-1"),
        Arguments.of(INVOKE, CHAT + ",\"max_tokens\":1e18"),
        Arguments.of(INVOKE, CHAT + ",\"logit_bias\":{" + "\"1\":1,".repeat(9) + "\"2\":1}"),
        Arguments.of(
            CONVERSE, MESSAGES + ",\"inferenceConfig\":{\"stopSequences\":[" + many + "]}"),
        Arguments.of(CONVERSE, MESSAGES + ",\"inferenceConfig\":{\"maxTokens\":1e18}"),
        Arguments.of(
            CONVERSE, MESSAGES + ",\"additionalModelRequestFields\":{\"top_k\":99999999999}"),
        Arguments.of(
            CONVERSE,
            "\"messages\":[" + "{\"role\":\"user\",\"content\":[]},".repeat(5_000) + "{}]"),
        Arguments.of(
            CONVERSE,
            "\"messages\":[{\"role\":\"user\",\"content\":["
                + "{\"text\":\"x\"},".repeat(5_000)
                + "{\"text\":\"x\"}]}]"),
        Arguments.of(
            CONVERSE,
            MESSAGES
                + ",\"toolConfig\":{\"tools\":["
                + "{\"toolSpec\":{\"name\":\"a\",\"inputSchema\":{\"json\":{}}}},".repeat(300)
                + "{}]}"));
  }

  @ParameterizedTest
  @MethodSource("costly")
  void refusesParametersThatCost(String path, String members) throws IOException {
    try (TestServer server = new TestServer(request -> "ok")) {
      RawHttp.Response response = RawHttp.post(server.server.port(), path, "{" + members + "}");

      assertThat(response.status()).as(response.text()).isEqualTo(400);
      assertThat(server.batcher.requests).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {100_000, 20_000_000})
  void refusesHeadThatIsTooLarge(int size) throws IOException {
    try (TestServer server = new TestServer(request -> "ok");
        RawHttp http = new RawHttp(server.server.port())) {
      boolean refused;
      try {
        http.write(RawHttp.request("POST", CONVERSE, "{}", "X: " + "x".repeat(size) + "\r\n"));
        refused = http.response().status() >= 400;
      } catch (IOException e) {
        // The server hung up while it was written to.
        refused = true;
      }
      assertThat(refused).isTrue();
      assertThat(RawHttp.post(server.server.port(), CONVERSE, "{" + MESSAGES + "}").status())
          .isEqualTo(200);
    }
  }

  static Stream<String> bombs() {
    int deep = 1_000_000;
    return Stream.of(
        "[".repeat(deep),
        "{\"a\":".repeat(deep),
        "{\"messages\":" + "[".repeat(deep) + "]".repeat(deep) + "}",
        "{\"messages\":["
            + "{\"role\":\"user\",\"content\":[".repeat(1_000)
            + "]}".repeat(1_000)
            + "]}",
        "{\"messages\":[" + "0,".repeat(deep) + "0]}",
        "{" + "\"a\":0,".repeat(deep) + "\"a\":0}",
        "{\"" + "x".repeat(deep) + "\":0}",
        "{\"a\":" + "9".repeat(deep) + "}",
        "{\"a\":1e" + "9".repeat(deep) + "}",
        "{\"a\":-0." + "0".repeat(deep) + "1}",
        "{\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"a\",\"inputSchema\":{\"json\":"
            + "{\"properties\":{\"a\":".repeat(500)
            + "{}"
            + "}}".repeat(500)
            + "}}}]},"
            + MESSAGES
            + "}");
  }

  @ParameterizedTest
  @MethodSource("bombs")
  void refusesBombs(String body) throws IOException {
    try (TestServer server = new TestServer(request -> "ok")) {
      for (String path : List.of(CONVERSE, INVOKE, "/model/demo/converse-stream")) {
        RawHttp.Response response = RawHttp.post(server.server.port(), path, body);
        assertThat(response.status()).as(path).isEqualTo(400);
        assertThat(response.text()).contains("\"message\":").hasSizeLessThan(1_000);
      }
      assertThat(server.batcher.requests).isEmpty();
    }
  }
}
