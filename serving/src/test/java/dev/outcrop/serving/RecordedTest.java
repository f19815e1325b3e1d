package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.outcrop.serving.testing.PublishedBedrock;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.Message;

/**
 * Requests that others recorded against the real Bedrock are sent again; the answers must have the
 * recorded status, headers and members. The recordings are not part of this repository.
 */
final class RecordedTest {
  private static final String CALLS =
      "Looking.\n<tool_call>{\"name\":\"get_current_weather\",\"arguments\":{\"location\":\"Seattle\"}}</tool_call>"
          + "<tool_call>{\"name\":\"get_current_weather\",\"arguments\":{\"location\":\"San Francisco\"}}</tool_call>";

  private final ObjectMapper mapper = new ObjectMapper();
  private TestServer server;

  @BeforeEach
  void start() {
    server =
        new TestServer(
            request -> {
              boolean first = request.prompt().length < 90 && request.maxTokens() == 0;
              return first ? CALLS : "This is a test that goes on for a while.";
            });
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "test_converse_with_content",
        "test_converse_with_invalid_model",
        "test_converse_tool_call_with_content",
        "test_converse_stream_with_content",
        "test_converse_stream_with_invalid_model",
        "test_converse_stream_with_content_tool_call",
        "test_converse_stream_handles_event_stream_error",
        "test_invoke_model_with_content-meta.llama",
        "test_invoke_model_with_content-mistral.mistral",
        "test_invoke_model_with_content-amazon.titan",
        "test_invoke_model_with_response_stream_with_content-amazon.titan",
        "test_invoke_model_with_response_stream_handles_stream_error",
        "test_invoke_model_with_invalid_model",
        "test_invoke_model_with_response_stream_invalid_model"
      })
  void answersLikeBedrock(String name) throws IOException {
    Path file = PublishedBedrock.file("recorded/" + name + ".yaml");
    for (JsonNode interaction : new YAMLMapper().readTree(file.toFile()).get("interactions")) {
      JsonNode request = interaction.get("request");
      JsonNode recorded = interaction.get("response");
      String path = request.get("uri").textValue().replaceFirst("https://[^/]+", "");
      RawHttp.Response ours =
          RawHttp.post(server.server.port(), path, request.get("body").asText(""));

      assertThat(ours.status()).isEqualTo(recorded.at("/status/code").intValue());
      recorded
          .get("headers")
          .fieldNames()
          .forEachRemaining(
              header -> {
                if (!header.equals("Set-Cookie")) {
                  assertThat(ours.headers()).containsKey(header.toLowerCase(java.util.Locale.ROOT));
                }
              });
      assertThat(ours.header("Content-Type"))
          .isEqualTo(recorded.at("/headers/Content-Type/0").textValue());
      JsonNode body = recorded.at("/body/string");
      if (ours.header("Content-Type").equals("application/json")) {
        assertThat(members(mapper.readTree(ours.body())))
            .isEqualTo(members(mapper.readTree(body.textValue())));
      } else {
        assertThat(events(ours.body())).isEqualTo(events(body.binaryValue()));
      }
      if (ours.status() != 200) {
        assertThat(mapper.readTree(ours.body())).isEqualTo(mapper.readTree(body.textValue()));
        assertThat(recorded.at("/headers/x-amzn-ErrorType/0").textValue())
            .startsWith(ours.header("x-amzn-ErrorType") + ":");
      }
    }
  }

  /** Their models have no open weights, so nobody has such a body for a model that we serve. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "test_invoke_model_with_content-cohere.command",
        "test_invoke_model_with_content-cohere.command-r",
        "test_invoke_model_with_response_stream_with_content-amazon.nova"
      })
  void refusesTheBodiesOfOtherFamiliesClearly(String name) throws IOException {
    Path file = PublishedBedrock.file("recorded/" + name + ".yaml");
    JsonNode request = new YAMLMapper().readTree(file.toFile()).at("/interactions/0/request");
    String operation = request.get("uri").textValue().replaceFirst(".*/", "");

    RawHttp.Response ours =
        RawHttp.post(
            server.server.port(), "/model/demo/" + operation, request.get("body").textValue());

    assertThat(ours.status()).as(ours.text()).isEqualTo(400);
    assertThat(ours.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(ours.text()).containsAnyOf("Malformed input request: ", "is required");
  }

  @Test
  void looksAtEveryRecording() throws IOException {
    Path folder = PublishedBedrock.file("recorded");
    Set<String> looked = new TreeSet<>();
    for (var method : RecordedTest.class.getDeclaredMethods()) {
      ValueSource names = method.getAnnotation(ValueSource.class);
      looked.addAll(names == null ? List.of() : List.of(names.strings()));
    }

    try (var files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString().replace(".yaml", "")))
          .containsExactlyInAnyOrderElementsOf(looked);
    }
  }

  /** The events with their members, texts of one block as one. */
  private List<String> events(byte[] stream) throws IOException {
    List<String> events = new ArrayList<>();
    for (Message message : RawHttp2.messages(stream)) {
      String event =
          message.getHeaders().keySet()
              + message.getHeaders().get(":event-type").getString()
              + members(mapper.readTree(message.getPayload()));
      if (events.isEmpty() || !events.getLast().equals(event)) {
        events.add(event);
      }
    }
    return events;
  }

  private static TreeSet<String> members(JsonNode node) {
    TreeSet<String> members = new TreeSet<>();
    collect(node, "", members);
    return members;
  }

  private static void collect(JsonNode node, String path, TreeSet<String> to) {
    if (node.isObject()) {
      node.properties().forEach(e -> collect(e.getValue(), path + "/" + e.getKey(), to));
    } else if (node.isArray()) {
      node.forEach(item -> collect(item, path + "/*", to));
    } else {
      to.add(path + " " + node.getNodeType());
    }
  }
}
