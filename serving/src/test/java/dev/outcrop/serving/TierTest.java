package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.eventstream.Message;

/** The service tier, from each API to the batcher and back; bounded by the key. */
final class TierTest {
  private static final String HI =
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]";
  private static final String CHAT = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
  private static final String HEADER = "X-Amzn-Bedrock-Service-Tier";

  private final ObjectMapper mapper = new ObjectMapper();
  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    StringBuilder keys = new StringBuilder();
    for (String tier : List.of("reserved", "priority", "default", "flex")) {
      keys.append("%s team-%s 1 %s\n".formatted(hash("may-" + tier), tier, tier));
    }
    keys.append(hash("may-nothing")).append(" team-plain 1\n");
    Path file = Files.writeString(folder.resolve("keys.txt"), keys);
    server = new TestServer(request -> "ok", config -> config.withAuth(new AuthConfig(file)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "may-reserved, reserved, RESERVED",
    "may-reserved, priority, PRIORITY",
    "may-reserved, flex, FLEX",
    "may-priority, priority, PRIORITY",
    "may-priority, reserved, DEFAULT",
    "may-default, default, DEFAULT",
    "may-default, priority, DEFAULT",
    "may-default, reserved, DEFAULT",
    "may-default, flex, FLEX",
    "may-nothing, priority, DEFAULT",
    "may-flex, default, FLEX",
    "may-flex, reserved, FLEX",
  })
  void servesTheTierThatIsAskedForWhereTheKeyMayHaveIt(String key, String asked, Tier served)
      throws IOException {
    RawHttp.Response response =
        post(key, "converse", "{%s,\"serviceTier\":{\"type\":\"%s\"}}".formatted(HI, asked), "");

    assertThat(response.status()).as(response.text()).isEqualTo(200);
    assertThat(tier()).isEqualTo(served);
    assertThat(mapper.readTree(response.body()).path("serviceTier").toString())
        .isEqualTo("{\"type\":\"%s\"}".formatted(served.word()));
  }

  @Test
  void servesTheDefaultWhereNoneIsAskedForAndSaysNothing() throws IOException {
    RawHttp.Response response = post("may-reserved", "converse", "{" + HI + "}", "");

    assertThat(tier()).isEqualTo(Tier.DEFAULT);
    assertThat(mapper.readTree(response.body()).has("serviceTier")).isFalse();
  }

  @Test
  void saysThatAKeyGotLessThanTheDefault() throws IOException {
    RawHttp.Response response = post("may-flex", "converse", "{" + HI + "}", "");

    assertThat(tier()).isEqualTo(Tier.FLEX);
    assertThat(mapper.readTree(response.body()).at("/serviceTier/type").textValue())
        .isEqualTo("flex");
  }

  @Test
  void endsAStreamWithTheTier() throws IOException {
    RawHttp.Response response =
        post(
            "may-priority",
            "converse-stream",
            "{%s,\"serviceTier\":{\"type\":\"priority\"}}".formatted(HI),
            "");

    List<Message> messages = RawHttp2.messages(response.body());
    assertThat(mapper.readTree(messages.getLast().getPayload()).at("/serviceTier/type").textValue())
        .isEqualTo("priority");
    assertThat(tier()).isEqualTo(Tier.PRIORITY);
  }

  @ParameterizedTest
  @CsvSource({"invoke", "invoke-with-response-stream"})
  void takesTheHeaderOfInvokeAndSendsItBack(String operation) throws IOException {
    RawHttp.Response named =
        post("may-priority", operation, "{\"prompt\":\"x\"}", HEADER + ": reserved\r\n");

    assertThat(named.status()).as(named.text()).isEqualTo(200);
    assertThat(tier()).isEqualTo(Tier.DEFAULT);
    assertThat(named.header(HEADER)).isEqualTo("default");
    RawHttp.Response silent = post("may-priority", operation, "{\"prompt\":\"x\"}", "");
    assertThat(silent.header(HEADER)).isNull();
  }

  @Test
  void takesTheMemberOfTheChatBody() throws IOException {
    JsonNode body =
        mapper.readTree(
            post("may-priority", "invoke", "{" + CHAT + ",\"service_tier\":\"priority\"}", "")
                .body());

    assertThat(tier()).isEqualTo(Tier.PRIORITY);
    assertThat(body.path("service_tier").textValue()).isEqualTo("priority");
    JsonNode auto =
        mapper.readTree(
            post("may-priority", "invoke", "{" + CHAT + ",\"service_tier\":\"auto\"}", "").body());
    assertThat(tier()).isEqualTo(Tier.DEFAULT);
    assertThat(auto.path("service_tier").textValue()).isEqualTo("default");
  }

  @Test
  void endsTheChunksOfAChatWithTheTier() throws IOException {
    RawHttp.Response response =
        post(
            "may-default",
            "invoke-with-response-stream",
            "{" + CHAT + ",\"service_tier\":\"priority\"}",
            "");

    Message last = RawHttp2.messages(response.body()).getLast();
    byte[] chunk =
        Base64.getDecoder().decode(mapper.readTree(last.getPayload()).path("bytes").textValue());
    assertThat(mapper.readTree(chunk).path("service_tier").textValue()).isEqualTo("default");
  }

  @Test
  void refusesAHeaderAndABodyThatDiffer() throws IOException {
    String body = "{" + CHAT + ",\"service_tier\":\"flex\"}";

    assertThat(post("may-default", "invoke", body, HEADER + ": flex\r\n").status()).isEqualTo(200);
    RawHttp.Response response = post("may-default", "invoke", body, HEADER + ": default\r\n");
    assertThat(response.status()).isEqualTo(400);
    assertThat(response.text()).contains("service_tier must be that of the header, or left out");
  }

  @Test
  void refusesATierThatThereIsNot() throws IOException {
    RawHttp.Response response =
        post("may-default", "invoke", "{" + CHAT + ",\"service_tier\":\"gold\"}", "");

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.text())
        .contains("service_tier must be one of [reserved, priority, default, flex]");
  }

  @Test
  void givesWhoeverComesWithoutKeysUpToPriority() throws IOException {
    try (TestServer open = new TestServer(request -> "ok")) {
      for (Tier tier : Tier.values()) {
        RawHttp.post(
            open.server.port(),
            "/model/demo/converse",
            "{%s,\"serviceTier\":{\"type\":\"%s\"}}".formatted(HI, tier.word()));
      }

      assertThat(open.batcher.requests)
          .extracting(request -> request.service().tier())
          .containsExactly(Tier.DEFAULT, Tier.PRIORITY, Tier.DEFAULT, Tier.FLEX);
    }
  }

  /** The tier of the last request that reached the batcher. */
  private Tier tier() {
    return server.batcher.requests.getLast().service().tier();
  }

  private RawHttp.Response post(String key, String operation, String body, String headers)
      throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          RawHttp.request(
              "POST",
              "/model/demo/" + operation,
              body,
              "Authorization: Bearer " + key + "\r\n" + headers));
      return http.response();
    }
  }

  private static String hash(String key) throws Exception {
    return HexFormat.of()
        .formatHex(
            MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
  }
}
