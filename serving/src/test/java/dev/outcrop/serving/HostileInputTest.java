package dev.outcrop.serving;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What others were attacked with. For every class of attack there is a test, here or elsewhere:
 *
 * <table>
 * <caption>Classes of hostile input</caption>
 * <tr><td>1 unsafe deserialisation</td><td>{@link #nothingReadsObjectsOrRunsCodeOfOthers}, {@code
 *     HostileCheckpointTest.saysThatPicklesAreNotRead}</td></tr>
 * <tr><td>2 template and role injection</td><td>{@link #takesNoTemplateFromARequest}, {@code
 *     HostileTextTest}, {@code BudgetTest}, {@code ChatTemplateTest}</td></tr>
 * <tr><td>3 media parsers</td><td>{@link #looksAtNoMedia}</td></tr>
 * <tr><td>4 requests on behalf of others (SSRF)</td><td>{@link #fetchesNothingForARequest}</td></tr>
 * <tr><td>5 parameters that cost</td><td>{@link CostlyInputTest}, {@code BadInputTest}, {@code
 *     RequestMemoryTest}, {@code SlowClientTest}</td></tr>
 * <tr><td>6 surfaces without a key</td><td>{@link #nothingButProbesAndMetricsIsOpen}, {@code
 *     SecurityTest}</td></tr>
 * <tr><td>7 model files</td><td>{@code FuzzedHeadersTest}, {@code FuzzedConfigTest}, {@code
 *     FuzzedTextFilesTest}, {@code HostileCheckpointTest}</td></tr>
 * <tr><td>8 archives and paths</td><td>{@link #nothingUnpacksArchives}, {@code
 *     HostileCheckpointTest.namesIndexAndTensor}</td></tr>
 * <tr><td>9 timing of shared prefixes</td><td>{@code
 *     BatcherTest.findsThePrefixOfAnotherTenantOnlyWhereTheOperatorSharesIt}, {@code
 *     KvCacheTest.findsNothingOfAnotherScope}, {@code KvCacheTest.keepsAnOwnersQuota}</td></tr>
 * <tr><td>10 prompts in logs</td><td>{@code NothingPrivateIsLoggedTest}</td></tr>
 * <tr><td>all of them at random</td><td>{@link FuzzedRequestsTest}, {@link FuzzedFramesTest}, {@code
 *     FuzzedEventStreamTest}</td></tr>
 * </table>
 */
final class HostileInputTest {
  private static final String MESSAGES =
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]";
  private static final String CHAT = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
  private static final String CONVERSE = "/model/demo/converse";
  private static final String INVOKE = "/model/demo/invoke";

  @Test
  void nothingReadsObjectsOrRunsCodeOfOthers() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.io.ObjectInputStream")
        .orShould()
        .dependOnClassesThat()
        .resideInAnyPackage("java.beans..", "javax.script..", "java.rmi..", "javax.naming..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.net.URLClassLoader")
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.outcrop"));
  }

  @Test
  void nothingUnpacksArchives() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.commons.compress..", "java.util.jar..")
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching("java\\.util\\.zip\\.(ZipFile|ZipInput|GZIPInput|Inflater).*")
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.outcrop"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "chat_template",
        "chat_template_kwargs",
        "template",
        "add_generation_prompt",
        "bos_token",
        "documents",
        "messages",
        "tools"
      })
  void takesNoTemplateFromARequest(String field) throws IOException {
    String value = "\"{{ ''.__class__.__mro__ }}\"";
    try (TestServer server = new TestServer(request -> "ok")) {
      RawHttp.Response converse =
          RawHttp.post(
              server.server.port(),
              CONVERSE,
              "{%s,\"additionalModelRequestFields\":{\"%s\":%s}}"
                  .formatted(MESSAGES, field, value));
      assertThat(converse.status()).as(converse.text()).isEqualTo(400);
      if (!field.equals("messages")) {
        // Unknown members of a chat body are ignored; none of them gets to the template.
        RawHttp.post(server.server.port(), INVOKE, "{%s,\"%s\":%s}".formatted(CHAT, field, value));
        assertThat(server.text.lastPrompt).doesNotContain("__class__");
      }
      assertThat(server.text.lastVariables).doesNotContainKey(field);
    }
  }

  static Stream<String> media() {
    String bytes = "{\"bytes\":\"" + "/9j/4AAQ".repeat(100_000) + "\"}";
    return Stream.of(
        "{\"image\":{\"format\":\"jpeg\",\"source\":" + bytes + "}}",
        "{\"video\":{\"format\":\"mp4\",\"source\":" + bytes + "}}",
        "{\"audio\":{\"format\":\"mp3\",\"source\":" + bytes + "}}",
        "{\"document\":{\"format\":\"pdf\",\"name\":\"a\",\"source\":" + bytes + "}}",
        "{\"document\":{\"format\":\"xlsx\",\"name\":\"a\",\"source\":" + bytes + "}}");
  }

  @ParameterizedTest
  @MethodSource("media")
  void looksAtNoMedia(String block) throws IOException {
    try (TestServer server = new TestServer(request -> "ok")) {
      RawHttp.Response response =
          RawHttp.post(
              server.server.port(),
              CONVERSE,
              "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"},%s]}]}"
                  .formatted(block));

      assertThat(response.status()).isEqualTo(400);
      assertThat(response.text()).contains("doesn't support");
      assertThat(server.batcher.requests).isEmpty();
    }
  }

  @Test
  void fetchesNothingForARequest() throws IOException {
    try (TestServer server = new TestServer(request -> "ok");
        ServerSocket other = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      other.setSoTimeout(1);
      String url = "http://127.0.0.1:" + other.getLocalPort() + "/latest/meta-data";
      for (String body : urls(url)) {
        RawHttp.Response response =
            RawHttp.post(
                server.server.port(), body.contains("image_url") ? INVOKE : CONVERSE, body);
        assertThat(response.status()).as(body).isEqualTo(400);
      }
      // Text is text, whatever it looks like.
      assertThat(
              RawHttp.post(server.server.port(), CONVERSE, "{" + MESSAGES.replace("hi", url) + "}")
                  .status())
          .isEqualTo(200);
      // A connection would have been made by now: every answer is in.
      assertThat(accepts(other)).isFalse();
    }
  }

  private static List<String> urls(String url) {
    List<String> bodies = new ArrayList<>();
    for (String source :
        List.of(
            "{\"s3Location\":{\"uri\":\"" + url + "\"}}",
            "{\"s3Location\":{\"uri\":\"s3://bucket/key\",\"bucketOwner\":\"1\"}}",
            "{\"url\":\"" + url + "\"}",
            "{\"bytes\":\"" + url + "\"}")) {
      for (String kind : List.of("image", "video", "document")) {
        bodies.add(
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"},{\"%s\":{\"format\":\"png\",\"name\":\"a\",\"source\":%s}}]}]}"
                .formatted(kind, source));
      }
    }
    bodies.add(
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"%s\"}}]}]}"
            .formatted(url));
    return bodies;
  }

  private static boolean accepts(ServerSocket other) throws IOException {
    try {
      other.accept().close();
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  @Test
  void nothingButProbesAndMetricsIsOpen(@TempDir Path folder) throws IOException {
    Path keys = Files.writeString(folder.resolve("keys.txt"), "0".repeat(64) + " nobody\n");
    List<String> open = new ArrayList<>();
    try (TestServer server =
        new TestServer(request -> "ok", config -> config.withAuth(new AuthConfig(keys)))) {
      for (String path :
          List.of(
              "/",
              "/livez",
              "/readyz",
              "/startup",
              "/metrics",
              "/drain",
              "/startupz",
              "/health",
              "/invocations",
              "/ping",
              "/pooling",
              "/score",
              "/rerank",
              "/pause",
              "/update_weights",
              "/v1/models",
              "/v1/chat/completions",
              "/v1/embeddings",
              "/openai/v1/models",
              "/foundation-models",
              "/imported-models",
              "/inference-profiles",
              "/model-invocation-jobs",
              CONVERSE,
              INVOKE,
              "/model/demo/count-tokens",
              "/guardrail/a/version/1/apply",
              "/async-invoke",
              "/..%2fmetrics",
              "//metrics",
              "/%2e%2e/livez",
              "/model/demo/converse/../../../livez")) {
        for (String method : List.of("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD")) {
          int api = status(server.server.port(), method, path);
          assertThat(api).as("%s %s", method, path).isIn(400, 401, 403, 405);
          int management = status(server.server.managementPort(), method, path);
          if (management == 200 || management == 202) {
            open.add(method + " " + path);
          }
        }
      }
      assertThat(open)
          .containsExactlyInAnyOrder("GET /startupz", "GET /livez", "GET /readyz", "GET /metrics");
    }
  }

  private static int status(int port, String method, String path) throws IOException {
    try (RawHttp http = new RawHttp(port)) {
      http.write(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
      return http.status();
    }
  }
}
