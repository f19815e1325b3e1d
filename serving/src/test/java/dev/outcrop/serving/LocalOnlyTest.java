package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server without keys is for this machine, not for the web pages that its browsers show. */
final class LocalOnlyTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";

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
  @ValueSource(
      strings = {
        "Host: localhost",
        "Host: LocalHost:8080",
        "Host: 127.0.0.1:8080",
        "Host: 127.1.2.3",
        "Host: [::1]:8080",
        "Host: [::1]",
        "Host: localhost:8080\r\nOrigin: http://localhost:3000",
        "Host: localhost:8080\r\nOrigin: https://127.0.0.1"
      })
  void takesRequestsToThisMachine(String headers) throws IOException {
    assertThat(post(headers).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Host: evil.example                                    | Host header names another host
          Host: localhost.evil.example:8080                     | Host header names another host
          Host: 127.0.0.1.evil.example                          | Host header names another host
          Host: 0.0.0.0:8080                                    | Host header names another host
          Host: localhost\\r\\nOrigin: https://evil.example     | Origin header names one
          Host: localhost\\r\\nOrigin: null                     | Origin header names one
          Host: localhost\\r\\nOrigin: http://localhost@evil.example | Origin header names one
          """)
  void refusesWebPagesOfOthers(String headers, String message) throws IOException {
    RawHttp.Response response = post(headers.replace("\\r\\n", "\r\n"));

    assertThat(response.status()).isEqualTo(403);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("AccessDeniedException");
    assertThat(response.text()).contains(message).contains("auth.key-file");
  }

  private static RawHttp.Response post(String headers) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          "POST /model/demo/converse HTTP/1.1\r\nContent-Type: text/plain\r\n%s\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(headers, HI.length(), HI));
      return http.response();
    }
  }
}
