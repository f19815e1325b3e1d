package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is no operation, or none of this server, is said to be unknown. */
final class UnknownOperationsTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> "ok");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void answersUnknownOperations() throws IOException {
    for (String path : new String[] {"/", "/model/demo/other", "/model//converse", "/livez"}) {
      RawHttp.Response response = RawHttp.post(server.server.port(), path, "{}");
      assertThat(response.status()).as(path).isEqualTo(404);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo("UnknownOperationException");
    }
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("GET", "/model/demo/converse", "", ""));
      assertThat(http.response().status()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /async-invoke, StartAsyncInvoke",
    "GET, /async-invoke?maxResults=5, ListAsyncInvokes",
    "GET, /async-invoke/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aasync-invoke%2Fa, GetAsyncInvoke",
    "POST, /guardrail/abc/version/DRAFT/apply, ApplyGuardrail",
    "POST, /guardrail-checks/invoke, InvokeGuardrailChecks",
    "POST, /model/demo/invoke-with-bidirectional-stream, InvokeModelWithBidirectionalStream"
  })
  void refusesOperationsThatItDoesNotHaveByTheirNames(String method, String path, String name)
      throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request(method, path, "{}", ""));
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(404);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo("UnknownOperationException");
      assertThat(response.text())
          .isEqualTo(
              "{\"message\":\"The operation %s is not supported by this server.\"}"
                  .formatted(name));
    }
  }

  @Test
  void refusesBrokenHttpInTheSameWords() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write("POST /model/demo/converse HTTP/1.1\r\nContent-Length: x\r\n\r\n");
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
      assertThat(response.header("x-amzn-RequestId")).isNotBlank();
    }
  }
}
