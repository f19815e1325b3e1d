package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Answers of the OpenAI surface, word for word, as they are written down in the folder {@code
 * openai}. -Dregenerate writes them anew.
 */
final class OpenAiGoldenTest {
  private static final Path FOLDER = Path.of("src/test/resources/openai");
  private static final String CALL =
      "Hm.\n<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":1}}</tool_call>";
  private static final String THOUGHT = "<think>Hm</think>Oh";
  private static final String USER = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
  private static final String CHAT_TOOLS =
      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";
  private static final String TOOLS = "\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]";
  private static final String STREAM = "\"stream\":true";
  private static final String USAGE = STREAM + ",\"stream_options\":{\"include_usage\":true}";
  private static final String LOGPROBS = "\"logprobs\":true,\"top_logprobs\":1";

  /** The requests, by the name of their golden file. */
  private static final Map<String, Request> REQUESTS = new TreeMap<>();

  static {
    chat("chat", "Hi", "\"service_tier\":\"flex\"");
    chat("chat-tools", CALL, CHAT_TOOLS);
    chat("chat-reasoning", THOUGHT, "\"user\":\"me\"");
    chat("chat-logprobs", "Hi", LOGPROBS);
    chat("chat-stream", "Hi", STREAM);
    chat("chat-stream-usage", "Hi", USAGE + ",\"service_tier\":\"auto\"");
    chat("chat-stream-tools", CALL, STREAM + "," + CHAT_TOOLS);
    chat("chat-stream-reasoning", THOUGHT, STREAM);
    chat("chat-stream-logprobs", "Hi", STREAM + "," + LOGPROBS);
    chat("chat-stream-fails", "Hallo", STREAM, 3);
    chat("chat-fails", "Hallo", STREAM, 0);
    completion("completion", "Hi", "\"prompt\":\"a\"");
    completion("completion-logprobs", "Hi", "\"prompt\":\"a\",\"logprobs\":1");
    completion("completion-prompts", "Hi", "\"prompt\":[\"a\",\"b\"],\"echo\":true");
    completion("completion-stream", "Hi", "\"prompt\":\"a\",\"echo\":true," + USAGE);
    completion("completion-stream-logprobs", "Hi", "\"prompt\":\"a\",\"logprobs\":1," + STREAM);
    response("response", "Hi", "\"instructions\":\"Be kind.\",\"max_output_tokens\":9");
    response("response-tools", CALL, TOOLS);
    response("response-cut", "Hallo", "\"max_output_tokens\":2");
    response("response-stream", "Hi", STREAM);
    response("response-stream-tools", CALL, STREAM + "," + TOOLS);
    response("response-stream-reasoning", THOUGHT, STREAM);
    response("response-stream-cut", "Hallo", STREAM + ",\"max_output_tokens\":2");
    response(
        "response-stream-broken",
        "<tool_call>{\"name\":\"f\",\"arguments\":{x",
        STREAM + "," + TOOLS);
    add(
        "response-stream-fails",
        new Request("/v1/responses", "Hallo", body("\"input\":\"hi\"", STREAM), 3));
    add(
        "unknown-model",
        new Request("/v1/completions", "", "{\"model\":\"no.such\",\"prompt\":\"a\"}", -1));
    add("unknown-url", new Request("/openai/v1/nothing", "", "{}", -1));
    add("no-json", new Request("/v1/chat/completions", "", "{", -1));
    chat("invalid", "", "\"n\":9");
  }

  private TestServer server;
  private volatile String completion = "";

  /** A request, what the model answers, and after how many tokens it fails, -1 for never. */
  private record Request(String path, String completion, String body, int failAfter) {}

  private static String body(String... members) {
    return "{\"model\":\"demo\"," + String.join(",", members) + "}";
  }

  private static void chat(String name, String completion, String more) {
    chat(name, completion, more, -1);
  }

  private static void chat(String name, String completion, String more, int failAfter) {
    add(name, new Request("/v1/chat/completions", completion, body(USER, more), failAfter));
  }

  private static void completion(String name, String completion, String more) {
    add(name, new Request("/openai/v1/completions", completion, body(more), -1));
  }

  private static void response(String name, String completion, String more) {
    add(name, new Request("/v1/responses", completion, body("\"input\":\"hi\"", more), -1));
  }

  private static void add(String name, Request request) {
    REQUESTS.put(name, request);
  }

  static Stream<String> names() {
    return REQUESTS.keySet().stream();
  }

  @BeforeEach
  void start() {
    server = new TestServer(request -> completion);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @MethodSource("names")
  void answersAsWritten(String name) throws Exception {
    Request request = REQUESTS.get(name);
    completion = request.completion();
    if (request.failAfter() >= 0) {
      server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "secret detail");
      server.batcher.failAfter = request.failAfter();
    }
    String answer = written(RawHttp.post(server.server.port(), request.path(), request.body()));

    Path golden = FOLDER.resolve(name + ".txt");
    if (Boolean.getBoolean("regenerate")) {
      Files.createDirectories(FOLDER);
      Files.writeString(golden, answer);
    }
    assertThat(answer).isEqualTo(Files.readString(golden));
    Await.until(() -> server.batcher.open() == 0);
  }

  @Test
  void everyWrittenAnswerIsLookedAt() throws IOException {
    try (var files = Files.list(FOLDER)) {
      assertThat(files.map(file -> file.getFileName().toString().replace(".txt", "")))
          .containsExactlyInAnyOrderElementsOf(REQUESTS.keySet());
    }
  }

  /** What is the same every time. */
  private static String written(RawHttp.Response response) {
    TreeSet<String> headers = new TreeSet<>(response.headers().keySet());
    headers.removeAll(List.of("connection", "content-length", "date", "transfer-encoding"));
    String body =
        response
            .text()
            .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID")
            .replaceAll("_[0-9a-f]{32}", "_ID")
            .replaceAll("call_[A-Za-z0-9_-]{22}", "call_ID")
            .replaceAll("\"(created|created_at)\":[0-9]+", "\"$1\":0");
    return "status %d\nheaders %s\ntype %s\n\n%s\n"
        .formatted(
            response.status(), String.join(" ", headers), response.header("Content-Type"), body);
  }
}
