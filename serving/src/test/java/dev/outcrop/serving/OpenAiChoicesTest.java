package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Several choices in one stream, where one of them fails. */
final class OpenAiChoicesTest {
  private static final int BEFORE = 2_000;

  @Test
  void sendsWhatCameBeforeAChoiceFailed() throws Exception {
    try (TestServer server = new TestServer(_ -> "x".repeat(BEFORE + 1))) {
      server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "broken");
      server.batcher.failAfter = BEFORE;

      String stream =
          RawHttp.post(
                  server.server.port(),
                  "/v1/chat/completions",
                  "{\"model\":\"demo\",\"stream\":true,\"n\":2,"
                      + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
              .text();

      Map<Integer, Integer> characters = new TreeMap<>();
      ObjectMapper mapper = new ObjectMapper();
      for (String line : stream.split("\n")) {
        if (line.startsWith("data: {\"id\"")) {
          JsonNode choice = mapper.readTree(line.substring("data: ".length())).at("/choices/0");
          characters.merge(
              choice.get("index").intValue(),
              choice.at("/delta/content").asText("").length(),
              Integer::sum);
        }
      }
      assertThat(stream).contains("server_error");
      assertThat(characters.values()).as("the choice that failed is whole").contains(BEFORE);
    }
  }
}
