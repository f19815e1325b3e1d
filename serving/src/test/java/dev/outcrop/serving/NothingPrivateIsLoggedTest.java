package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.Signer;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No prompt, completion or key reaches a log, at whatever level, whatever goes wrong. */
final class NothingPrivateIsLoggedTest {
  private static final String MARKER = "zebra-marker";

  private final Logger ours = Logger.getLogger("dev.outcrop");
  private final StringBuffer log = new StringBuffer();
  private final Handler capture = new Capture();

  @BeforeEach
  void listen() {
    ours.setLevel(Level.ALL);
    capture.setLevel(Level.ALL);
    Logger.getLogger("").addHandler(capture);
  }

  @AfterEach
  void stopListening() {
    ours.setLevel(null);
    Logger.getLogger("").removeHandler(capture);
  }

  @Test
  void keepsPromptsCompletionsAndKeysOut() throws Exception {
    try (TestServer server = new TestServer(request -> "answer " + MARKER)) {
      int port = server.server.port();
      for (String operation : new String[] {"converse", "converse-stream"}) {
        RawHttp.post(port, "/model/demo/" + operation, chat(MARKER));
        server.text.refused = MARKER;
        RawHttp.post(port, "/model/demo/" + operation, chat(MARKER));
        server.text.refused = null;
        server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "broken");
        server.batcher.failAfter = 3;
        RawHttp.post(port, "/model/demo/" + operation, chat(MARKER));
        server.batcher.failure = null;
        RawHttp.post(port, "/model/demo/" + operation, chat(MARKER) + MARKER);
        RawHttp.post(port, "/model/" + MARKER + "/" + operation, chat(MARKER));
        server.text.fault = () -> new IllegalStateException("cannot encode " + MARKER);
        assertThat(RawHttp.post(port, "/model/demo/" + operation, chat(MARKER)).status())
            .isEqualTo(500);
        server.text.fault = null;
      }
      RawHttp.post(port, "/model/demo/invoke", "{\"prompt\":\"" + MARKER + "\"}");
      RawHttp.post(
          port, "/model/demo/invoke", "{\"prompt\":\"x\",\"" + MARKER + "\":\"" + MARKER + "\"}");
      leave(server, port);
    }

    assertThat(log.toString())
        .contains("operation=Converse ")
        .contains("status=499")
        .contains("met a fault: java.lang.IllegalStateException")
        .doesNotContain(MARKER);
  }

  @Test
  void keepsThemOutOnTheOpenAiSurface() throws Exception {
    String[] bodies = {
      "chat/completions {\"messages\":[{\"role\":\"user\",\"content\":\"M\"}],\"n\":2",
      "completions {\"prompt\":[\"M\",\"M\"],\"n\":2",
      "responses {\"input\":\"M\",\"instructions\":\"M\""
    };
    try (TestServer server = new TestServer(request -> "answer " + MARKER)) {
      int port = server.server.port();
      for (String each : bodies) {
        String path = "/v1/" + each.substring(0, each.indexOf(' '));
        String body = each.substring(each.indexOf(' ')).replace("M", MARKER);
        for (String stream : new String[] {",\"stream\":false}", ",\"stream\":true}"}) {
          String sound = body + ",\"model\":\"demo\"" + stream;
          assertThat(RawHttp.post(port, path, sound).status()).isEqualTo(200);
          server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "broken");
          server.batcher.failAfter = 3;
          RawHttp.post(port, path, sound);
          server.batcher.failure = null;
          server.text.noDetokenizer = new IllegalStateException("cannot decode " + MARKER);
          assertThat(RawHttp.post(port, path, sound).status()).isEqualTo(500);
          server.text.noDetokenizer = null;
          RawHttp.post(port, path, body + ",\"model\":\"" + MARKER + "\"}");
          RawHttp.post(port, path, sound + MARKER);
        }
      }
      RawHttp.post(port, "/v1/" + MARKER, "");
    }

    assertThat(log.toString())
        .contains("operation=CreateChatCompletion ")
        .contains("failed in its stream: STEP_FAILED")
        .contains("met a fault: java.lang.IllegalStateException")
        .doesNotContain(MARKER);
  }

  @Test
  void keepsKeysSecretsAndSignaturesOut(@TempDir Path folder) throws Exception {
    String secret = MARKER + "-secret-0123456789";
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants: [{id: t}]
            principals:
              - id: app
                tenant: t
                models: [demo, "meta*"]
                api-keys: [{sha256: %s}]
                access-keys: [{id: AKTEST, secret: %s, session-token-sha256: %s}]
            """
                .formatted(Signer.sha256(MARKER), secret, Signer.sha256(MARKER)));
    String signature;
    try (TestServer server =
        new TestServer(request -> "ok", config -> config.withAuth(AuthConfig.policy(policy)))) {
      Signer signer = new Signer("AKTEST", secret);
      signer.headers.put("x-amz-security-token", MARKER);
      String path = "/model/demo/converse";
      String lines = signer.lines("POST", path, "localhost", chat("hi"));
      signature = lines.substring(lines.indexOf("Signature=") + 10).strip();
      for (String headers :
          new String[] {
            lines,
            lines.replace(signature, signature.replace('0', '1')),
            "x-api-key: " + MARKER + "\r\n",
            "Authorization: Bearer " + MARKER + "-wrong\r\n",
            "x-api-key: " + signer.shortTermKey(60, "CallWithBearerToken", MARKER) + "\r\n",
            "Authorization: AWS4-HMAC-SHA256 " + MARKER + "\r\n"
          }) {
        try (RawHttp http = new RawHttp(server.server.port())) {
          http.write(RawHttp.request("POST", path, chat("hi"), headers));
          assertThat(http.response().text()).doesNotContain(MARKER);
        }
      }
      Files.writeString(policy, "principals: [{id: " + secret + ", api-keys: *" + secret + "}]");
      Await.until(() -> server.metrics().contains("result=\"refused\",} 1.0"));
    }

    assertThat(log.toString())
        .contains("tenant=t principal=app status=200")
        .contains("tenant=- principal=- status=403")
        .contains("is not taken")
        .doesNotContain(MARKER)
        .doesNotContain(signature);
  }

  private static void leave(TestServer server, int port) throws IOException, InterruptedException {
    server.batcher.hold = true;
    server.batcher.streams.clear();
    try (RawHttp http = new RawHttp(port)) {
      http.write(
          RawHttp.request(
              "POST",
              "/model/demo/converse-stream",
              chat(MARKER),
              "Authorization: Bearer " + MARKER + "\r\n"));
      Await.until(() -> server.batcher.open() == 1);
    }
    Await.until(() -> server.batcher.open() == 0);
  }

  private static String chat(String text) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"" + text + "\"}]}]}";
  }

  private final class Capture extends Handler {
    private final SimpleFormatter formatter = new SimpleFormatter();

    @Override
    public void publish(LogRecord record) {
      log.append(formatter.formatMessage(record)).append('\n');
      if (record.getThrown() != null) {
        StringWriter trace = new StringWriter();
        record.getThrown().printStackTrace(new PrintWriter(trace));
        log.append(trace).append('\n');
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
