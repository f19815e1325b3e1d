package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the OpenAI surface refuses is told in OpenAI's shape, with the member that is wrong. */
final class OpenAiInputTest {
  private static final String USER = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> "ok");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "x":1 | messages | messages must hold at least 1 message
          "messages":[] | messages | messages must hold at least 1 message
          "messages":7 | messages | messages must be an array
          "messages":[7] | messages[0] | messages.0 must be an object
          "messages":[{"role":"user"}] | messages[0].content | messages.0.content is required
          "messages":[{"role":"judge","content":"x"}] | messages[0].role | must be one of
          "messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}] | messages[0].content[0].type | takes no images
          "messages":[{"role":"tool","content":"x"}] | messages[0].tool_call_id | is required
          "messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}] | messages[0].tool_calls[0].function.arguments | must be a JSON object
          U,"n":0 | n | n must be between 1 and 8, was 0
          U,"n":9 | n | n must be between 1 and 8, was 9
          U,"n":1.5 | n | n must be an integer
          U,"stream":"yes" | stream | stream must be true or false
          U,"stream_options":{} | stream_options | must be left out where stream is not true
          U,"top_logprobs":2 | top_logprobs | top_logprobs needs logprobs to be true
          U,"logprobs":true,"top_logprobs":21 | top_logprobs | between 0 and 20
          U,"temperature":3 | temperature | between 0.0 and 2.0
          U,"logit_bias":{"5":1} | logit_bias | logit_bias is not supported
          U,"best_of":2 | best_of | best_of is not supported
          U,"functions":[{}] | functions | is not supported
          U,"audio":{"voice":"x"} | audio | is not supported
          U,"modalities":["text","audio"] | modalities | only supported as [text]
          U,"store":true | store | store is only supported as false
          U,"verbosity":"low" | verbosity | only supported as medium
          U,"service_tier":"gold" | service_tier | must be one of
          U,"reasoning_effort":"much" | reasoning_effort | must be one of
          U,"chat_template_kwargs":{"x":1} | chat_template_kwargs.x | is not supported
          U,"metadata":{"k":1} | metadata | must hold strings alone
          U,"tools":[{"type":"web_search"}] | tools[0].type | must be function
          U,"tools":[{"type":"function","function":{"name":"a b"}}] | tools[0].function.name | must match
          U,"stop":["a",1] | stop[1] | must be a string
          U,"stop":["\\ud83d"] | stop[0] | must hold whole characters
          U,"stop":"a\\ude00" | stop | must hold whole characters
          U,"seed":"x" | seed | must be an integer
          """)
  void tellsWhatIsWrongWithChat(String members, String param, String message) throws IOException {
    refused("/v1/chat/completions", members.replaceFirst("^U", USER), param, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "x":1 | prompt | prompt is required
          "prompt":"" | prompt | between 1 and
          "prompt":[] | prompt | must not be empty
          "prompt":[[]] | prompt[0] | must not be empty
          "prompt":["a",1] | prompt[1] | must be a string
          "prompt":[1,"a"] | prompt | must hold token ids alone
          "prompt":[1,2.5] | prompt | must hold token ids alone
          "prompt":[[1],"a"] | prompt[1] | must hold token ids alone
          "prompt":[[1],[99999999999]] | prompt[1] | must hold token ids alone
          "prompt":[258] | `` | not between 0 and 257
          "prompt":[-1] | `` | not between 0 and 257
          "prompt":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"] | prompt | at most 16 prompts
          "prompt":"a","suffix":"b" | suffix | suffix is not supported
          "prompt":"a","best_of":3 | best_of | only supported where it is n
          "prompt":"a","echo":true,"logprobs":1 | echo | not supported together with logprobs
          "prompt":[65],"echo":true | echo | only supported for prompts of text
          "prompt":"a","logprobs":21 | logprobs | between 0 and 20
          "prompt":"a","max_tokens":0 | max_tokens | between 1 and
          """)
  void tellsWhatIsWrongWithCompletions(String members, String param, String message)
      throws IOException {
    refused("/v1/completions", members, param, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "x":1 | input | input is required
          "input":[] | input | must hold at least 1 item
          "input":[{"type":"item_reference","id":"x"}] | input[0].type | stores nothing
          "input":[{"type":"web_search_call"}] | input[0].type | must be message
          "input":[{"role":"user","content":[{"type":"input_image"}]}] | input[0].content[0].type | takes no images
          "input":[{"content":"x"}] | input[0].role | is required
          "input":"x","previous_response_id":"r" | previous_response_id | is not supported
          "input":"x","conversation":"r" | conversation | is not supported
          "input":"x","background":true | background | only supported as false
          "input":"x","store":true | store | only supported as false
          "input":"x","truncation":"auto" | truncation | only supported as disabled
          "input":"x","include":["file_search_call.results"] | include | only supported with
          "input":"x","tools":[{"type":"mcp"}] | tools[0].type | runs no tools itself
          "input":"x","reasoning":{"effort":"much"} | reasoning.effort | must be one of
          "input":"x","text":{"verbosity":"high"} | text.verbosity | only supported as medium
          """)
  void tellsWhatIsWrongWithResponses(String members, String param, String message)
      throws IOException {
    refused("/v1/responses", members, param, message);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /v1/chat/completions, 404, unknown_url",
    "POST, /v1/models, 404, unknown_url",
    "DELETE, /v1/responses/resp_1, 404, unknown_url",
    "POST, /v1/, 404, unknown_url",
    "GET, /openai/v1/models/none, 404, model_not_found"
  })
  void tellsWhatIsNotThere(String method, String path, int status, String code) throws IOException {
    RawHttp.Response response = send(server, method, path, "", "");

    assertThat(response.status()).isEqualTo(status);
    assertThat(MAPPER.readTree(response.body()).at("/error/code").textValue()).isEqualTo(code);
    assertThat(response.header("x-request-id")).isNotBlank();
  }

  @Test
  void tellsDeniedKeysAsOpenAiDoes(@TempDir Path folder) throws IOException {
    Path keys = Files.writeString(folder.resolve("keys.txt"), "0".repeat(64) + " a\n");
    try (TestServer keyed =
        new TestServer(request -> "ok", config -> config.withAuth(new AuthConfig(keys)))) {
      for (String header : new String[] {"", "Authorization: Bearer sk-no\r\n"}) {
        RawHttp.Response response = send(keyed, "GET", "/v1/models", "", header);

        assertThat(response.status()).isEqualTo(401);
        JsonNode error = MAPPER.readTree(response.body()).get("error");
        assertThat(error.get("code").textValue()).isEqualTo("invalid_api_key");
        assertThat(error.get("type").textValue()).isEqualTo("invalid_request_error");
        assertThat(error.get("message").textValue()).isNotBlank();
      }
    }
  }

  @Test
  void tellsOtherHostsThatTheyAreKeptOut() throws IOException {
    RawHttp.Response response =
        send(server, "GET", "/v1/models", "", "Origin: https://evil.example\r\n");

    assertThat(response.status()).isEqualTo(403);
    assertThat(MAPPER.readTree(response.body()).at("/error/code").textValue())
        .isEqualTo("permission_denied");
  }

  private static void refused(String path, String members, String param, String message)
      throws IOException {
    RawHttp.Response response =
        send(server, "POST", path, "{\"model\":\"demo\"," + members + "}", "");

    assertThat(response.status()).as(response.text()).isEqualTo(400);
    JsonNode error = MAPPER.readTree(response.body()).get("error");
    assertThat(error.get("message").textValue()).contains(message);
    assertThat(error.get("type").textValue()).isEqualTo("invalid_request_error");
    assertThat(error.get("param").asText("")).isEqualTo(param);
    assertThat(response.header("x-amzn-errortype")).isNull();
    assertThat(server.batcher.open()).isZero();
  }

  private static RawHttp.Response send(
      TestServer to, String method, String path, String body, String headers) throws IOException {
    try (RawHttp http = new RawHttp(to.server.port())) {
      http.write(RawHttp.request(method, path, body, headers));
      return http.response();
    }
  }
}
