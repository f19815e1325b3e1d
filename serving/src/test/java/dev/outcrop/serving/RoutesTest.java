package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.Signer;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every route of every API needs a caller, and every model a caller who may. */
final class RoutesTest {
  /**
   * A route.
   *
   * @param api the class that has it
   * @param model whether it asks a model that generates text
   */
  private record Route(String api, String method, String path, String body, boolean model) {}

  private static final String CHAT =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String PROMPT = "{\"prompt\":\"hi\"}";

  private static final String OPENAI_CHAT =
      "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  /** Who adds an API adds its routes here; the test fails for an API without one. */
  private static final List<Route> ROUTES =
      List.of(
          bedrock("converse", CHAT),
          bedrock("converse-stream", CHAT),
          bedrock("count-tokens", "{\"input\":{\"converse\":" + CHAT + "}}"),
          bedrock("invoke", PROMPT),
          bedrock("invoke-with-response-stream", PROMPT),
          new Route("OpenAiApi", "POST", "/openai/v1/chat/completions", OPENAI_CHAT, true),
          new Route("OpenAiApi", "POST", "/v1/chat/completions", OPENAI_CHAT, true),
          new Route(
              "OpenAiApi",
              "POST",
              "/v1/completions",
              "{\"model\":\"demo\",\"prompt\":\"a\"}",
              true),
          new Route(
              "OpenAiApi", "POST", "/v1/responses", "{\"model\":\"demo\",\"input\":\"a\"}", true),
          new Route("OpenAiApi", "GET", "/v1/models", "", false),
          new Route(
              "EmbeddingsApi",
              "POST",
              "/v1/embeddings",
              "{\"model\":\"demo\",\"input\":\"a\"}",
              false),
          new Route("RerankApi", "POST", "/rerank", "{}", false),
          new Route("ControlPlaneApi", "GET", "/foundation-models", "", false),
          new Route("ControlPlaneApi", "GET", "/foundation-models/a.b", "", false),
          new Route("ControlPlaneApi", "GET", "/foundation-model-availability/a.b", "", false),
          new Route("ControlPlaneApi", "GET", "/inference-profiles", "", false),
          new Route("ControlPlaneApi", "GET", "/inference-profiles/us.a.b", "", false),
          new Route("ControlPlaneApi", "GET", "/imported-models", "", false),
          new Route("ControlPlaneApi", "GET", "/imported-models/a", "", false),
          new Route("BatchJobsApi", "POST", "/model-invocation-job", "{}", false),
          new Route("BatchJobsApi", "GET", "/model-invocation-jobs", "", false),
          new Route("BatchJobsApi", "GET", "/model-invocation-job/abcdefgh1234", "", false),
          new Route("BatchJobsApi", "POST", "/model-invocation-job/abcdefgh1234/stop", "{}", false),
          new Route("BatchJobsApi", "POST", "/listTagsForResource", "{}", false));

  private static Route bedrock(String operation, String body) {
    return new Route("BedrockApi", "POST", "/model/demo/" + operation, body, true);
  }

  private static final String NO_MODELS = "Authorization: Bearer k-none\r\n";

  @TempDir private Path folder;

  private TestServer start() throws IOException {
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            "{tenants: [{id: t}], principals: [{id: p, tenant: t, api-keys: [{sha256: %s}]}]}"
                .formatted(Signer.sha256("k-none")));
    return new TestServer(request -> "ok", config -> config.withAuth(AuthConfig.policy(policy)));
  }

  @Test
  void everyApiHasItsRoutesHere() {
    List<String> apis = new ArrayList<>();
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.outcrop.serving")) {
      if (!type.isInterface() && type.isAssignableTo(Api.class)) {
        apis.add(type.getSimpleName());
      }
    }
    assertThat(apis).isNotEmpty();
    assertThat(ROUTES.stream().map(Route::api)).containsAll(apis);
  }

  @Test
  void noRouteAnswersAStranger() throws IOException {
    try (TestServer server = start()) {
      for (Route route : ROUTES) {
        for (String stranger :
            List.of("", "Authorization: Bearer wrong\r\n", "x-api-key: wrong\r\n")) {
          RawHttp.Response response = send(server, route, stranger);
          assertThat(response.status()).as(route.path()).isIn(401, 403);
        }
      }
      for (String path : List.of("/", "/ping", "/metrics", "/livez", "/v1/models", "/model/x")) {
        for (String method : List.of("GET", "POST", "PUT", "DELETE", "OPTIONS")) {
          Route unknown = new Route("", method, path, "", false);
          assertThat(send(server, unknown, "").status()).as(method + path).isIn(401, 403);
        }
      }
      assertThat(server.batcher.requests).isEmpty();
    }
  }

  @Test
  void noModelAnswersWhoMayNotCallIt() throws IOException {
    try (TestServer server = start()) {
      for (Route route : ROUTES) {
        RawHttp.Response response = send(server, route, NO_MODELS);
        if (route.model()) {
          assertThat(response.status()).as(route.path()).isEqualTo(403);
        } else {
          assertThat(response.status()).as(route.path()).isNotIn(401, 403);
        }
      }
      assertThat(server.batcher.requests).isEmpty();
    }
  }

  private static RawHttp.Response send(TestServer server, Route route, String headers)
      throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request(route.method(), route.path(), route.body(), headers));
      return http.response();
    }
  }
}
