package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.Calls;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import software.amazon.eventstream.Message;

/**
 * Status, headers and members of our answers, as they are written down in the folder {@code
 * shapes}. Those were compared with recordings of the real Bedrock by {@link RecordedTest}, which
 * needs the recordings; this needs nothing. -Dregenerate writes them anew.
 */
final class GoldenShapesTest {
  private static final Path FOLDER = Path.of("src/test/resources/shapes");

  /** What the transport writes, as it sees fit. */
  private static final List<String> TRANSPORT =
      List.of("connection", "content-length", "date", "transfer-encoding");

  private static final String USER =
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]";
  private static final String TOOLS =
      "\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"weather\",\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}]}";
  private static final String CHAT =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":4}";
  private static final String PROMPT = "{\"prompt\":\"hi\"}";
  private static final String TITAN = "{\"inputText\":\"hi\"}";

  /** A message of a form with tools; what it says makes the model think. */
  private static final String OPEN_AI_TOOLS =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"think\"}],\"tools\":[{\"type\":\"function\","
          + "\"function\":{\"name\":\"weather\",\"parameters\":{\"type\":\"object\"}}}]}";

  private static final String ANTHROPIC =
      "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":500,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"think\"}],"
          + "\"tools\":[{\"name\":\"weather\",\"input_schema\":{\"type\":\"object\"}}]}";

  private static final String NOWHERE =
      "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghij12";
  private static final String INVOKE = "/invoke";
  private static final String STREAM = "/invoke-with-response-stream";

  /** Path and body of every request, by the name of its golden file. */
  private static final Map<String, List<String>> REQUESTS = new TreeMap<>();

  static {
    request("converse", "demo/converse", "{" + USER + "}");
    request("converse-tools", "demo/converse", "{" + TOOLS + "," + USER + "}");
    request("converse-unknown-model", NOWHERE + "/converse", "{" + USER + "}");
    request("converse-invalid-model", "%20/converse", "{" + USER + "}");
    request("converse-invalid-body", "demo/converse", "{}");
    request("converse-stream", "demo/converse-stream", "{" + USER + "}");
    request("converse-stream-tools", "demo/converse-stream", "{" + TOOLS + "," + USER + "}");
    request("converse-stream-unknown-model", NOWHERE + "/converse-stream", "{" + USER + "}");
    request("invoke-unknown-model", NOWHERE + INVOKE, PROMPT);
    invoke("llama", TestServer.MODEL, PROMPT);
    invoke("imported", TestServer.IMPORTED, PROMPT);
    invoke("mistral", TestServer.MISTRAL_TEXT, PROMPT);
    invoke("deepseek", TestServer.DEEPSEEK, PROMPT);
    invoke("completion", TestServer.IMPORTED, "{\"prompt\":\"hi\",\"max_tokens\":4}");
    invoke("titan", "demo", TITAN);
    invoke("chat", "demo", CHAT);
    invoke("mistral-chat", TestServer.MISTRAL_CHAT, OPEN_AI_TOOLS);
    invoke("gpt-oss", TestServer.GPT_OSS, OPEN_AI_TOOLS);
    invoke("anthropic", TestServer.CLAUDE, ANTHROPIC);
  }

  private final ObjectMapper mapper = new ObjectMapper();
  private TestServer server;

  private static void request(String name, String path, String body) {
    REQUESTS.put(name, List.of("/model/" + path, body));
  }

  /** Both ways of a native body. */
  private static void invoke(String name, String model, String body) {
    request("invoke-" + name, model + INVOKE, body);
    request("invoke-stream-" + name, model + STREAM, body);
  }

  @BeforeEach
  void start() {
    server =
        new TestServer(
            request ->
                (ByteText.text(request.prompt()).contains("think") ? "<think>Hm.</think>" : "")
                    + "I look.\n<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Oslo\"}}</tool_call>");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  static Stream<String> names() {
    return REQUESTS.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void answersInTheWrittenShape(String name) throws IOException {
    List<String> request = REQUESTS.getOrDefault(name, List.of());
    String shape = shape(RawHttp.post(server.server.port(), request.get(0), request.get(1)));

    Path golden = FOLDER.resolve(name + ".txt");
    if (Boolean.getBoolean("regenerate")) {
      Files.createDirectories(FOLDER);
      Files.writeString(golden, shape);
    }
    assertThat(shape).isEqualTo(Files.readString(golden));
  }

  @Test
  void everyWrittenShapeIsLookedAt() throws IOException {
    try (var files = Files.list(FOLDER)) {
      assertThat(files.map(file -> file.getFileName().toString().replace(".txt", "")))
          .containsExactlyInAnyOrderElementsOf(REQUESTS.keySet());
    }
  }

  private String shape(RawHttp.Response response) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("status " + response.status());
    TreeSet<String> headers = new TreeSet<>(response.headers().keySet());
    headers.removeAll(TRANSPORT);
    lines.add("headers " + String.join(" ", headers));
    lines.add("type " + response.header("Content-Type"));
    if (response.status() != 200) {
      lines.add("error " + response.header("x-amzn-ErrorType"));
    }
    if (response.header("Content-Type").equals("application/json")) {
      lines.add(members(mapper.readTree(response.body())));
    } else {
      for (Message message : RawHttp2.messages(response.body())) {
        String event = event(message);
        if (!lines.getLast().equals(event)) {
          lines.add(event);
        }
      }
    }
    return String.join("\n", lines) + "\n";
  }

  /** An event with its headers and members; a chunk's own are those of what it carries. */
  private String event(Message message) throws IOException {
    JsonNode payload = Calls.json(message);
    String carried = payload.has("bytes") ? " carries " + members(Calls.carried(message)) : "";
    return "event "
        + Calls.type(message)
        + " "
        + message.getHeaders().keySet()
        + " "
        + members(payload)
        + carried;
  }

  private static String members(JsonNode node) {
    TreeSet<String> members = new TreeSet<>();
    collect(node, "", members);
    return String.join(", ", members);
  }

  private static void collect(JsonNode node, String path, TreeSet<String> to) {
    if (node.isObject() && !node.isEmpty()) {
      node.properties().forEach(e -> collect(e.getValue(), path + "/" + e.getKey(), to));
    } else if (node.isArray() && !node.isEmpty()) {
      node.forEach(item -> collect(item, path + "/*", to));
    } else {
      to.add(path + " " + node.getNodeType());
    }
  }
}
