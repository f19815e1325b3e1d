package dev.outcrop.serving.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import software.amazon.eventstream.Message;

/**
 * A server for each test, whose model completes every prompt alike; calls of it that have to
 * succeed, and what they answer as JSON.
 */
public final class Calls implements BeforeEachCallback, AfterEachCallback {
  /** One tool, as a member of a Converse body. */
  public static final String TOOLS =
      """
      "toolConfig":{"tools":[{"toolSpec":{"name":"weather","description":"Tells it",
      "inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"}}}}}}]}
      """;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** What the model says. */
  public volatile String completion;

  /** The server of the test that runs. */
  public TestServer server;

  public Calls(String completion) {
    this.completion = completion;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    server = new TestServer(request -> completion);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    server.close();
  }

  /** Converse with a message of the user and more members. */
  public JsonNode converse(String more) throws IOException {
    return json(wholeConverse(more));
  }

  /** The same as it came. */
  public byte[] wholeConverse(String more) throws IOException {
    return post("demo/converse", converseBody(more)).body();
  }

  /** The frames of ConverseStream with a message of the user and more members. */
  public List<Message> converseStream(String more) throws IOException {
    return frames(post("demo/converse-stream", converseBody(more)));
  }

  /** InvokeModel of the model {@code demo}. */
  public JsonNode invoke(String body) throws IOException {
    return invoke("demo", body);
  }

  public JsonNode invoke(String model, String body) throws IOException {
    return json(post(model + "/invoke", body).body());
  }

  /** The chunks of InvokeModelWithResponseStream of the model {@code demo}. */
  public List<JsonNode> invokeStream(String body) throws IOException {
    return invokeStream("demo", body);
  }

  public List<JsonNode> invokeStream(String model, String body) throws IOException {
    RawHttp.Response response = post(model + "/invoke-with-response-stream", body);
    assertThat(response.header("X-Amzn-Bedrock-Content-Type")).isEqualTo("application/json");
    List<JsonNode> chunks = new ArrayList<>();
    for (Message message : frames(response)) {
      assertThat(type(message)).isEqualTo("chunk");
      chunks.add(carried(message));
    }
    return chunks;
  }

  /** What a chunk carries. */
  public static JsonNode carried(Message chunk) throws IOException {
    return json(Base64.getDecoder().decode(json(chunk).get("bytes").textValue()));
  }

  /** The payload of a frame. */
  public static JsonNode json(Message message) throws IOException {
    return json(message.getPayload());
  }

  /** The event type of a frame. */
  public static String type(Message message) {
    return message.getHeaders().get(":event-type").getString();
  }

  private RawHttp.Response post(String path, String body) throws IOException {
    RawHttp.Response response = RawHttp.post(server.server.port(), "/model/" + path, body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response;
  }

  private static List<Message> frames(RawHttp.Response response) {
    assertThat(response.header("Content-Type")).isEqualTo("application/vnd.amazon.eventstream");
    return RawHttp2.messages(response.body());
  }

  private static String converseBody(String more) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]," + more + "}";
  }

  private static JsonNode json(byte[] text) throws IOException {
    return MAPPER.readTree(text);
  }
}
