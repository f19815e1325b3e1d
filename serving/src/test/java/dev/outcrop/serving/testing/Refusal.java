package dev.outcrop.serving.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

/** What every refusal has, whatever it is about. */
public final class Refusal {
  private Refusal() {}

  /**
   * Sends a body that is refused as Bedrock refuses what is not valid, before any stream begins.
   */
  public static void validation(TestServer server, String path, String body, String message)
      throws IOException {
    validation(RawHttp.post(server.server.port(), path, body), message);
  }

  /** Checks the answer to a request that is not valid. */
  public static void validation(RawHttp.Response response, String message) {
    assertThat(response.status()).as(response.text()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.header("x-amzn-RequestId")).hasSize(36);
    assertThat(response.header("Content-Type")).isEqualTo("application/json");
    assertThat(response.text()).startsWith("{\"message\":\"").contains(message);
  }
}
