package dev.outcrop.serving.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Health;
import dev.outcrop.serving.auth.AuthResult;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.json.Json;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The management port: {@code /livez}, {@code /readyz} and {@code /metrics} for everybody who
 * reaches it, {@code POST /drain} for the holder of the admin key.
 */
final class Management implements HttpService {
  private final Parts parts;

  Management(Parts parts) {
    this.parts = parts;
  }

  /**
   * What the port shows and does.
   *
   * @param health how each model's engine loop is; the process lives, and is ready, while all do
   * @param metrics the exposition for an Accept header
   * @param admin who may change state, or null for nobody
   * @param drain begins a drain and returns at once
   */
  record Parts(
      LifeCycle lifeCycle,
      Supplier<Map<String, Health>> health,
      Function<@Nullable String, MetricsPage> metrics,
      @Nullable Authenticator admin,
      Runnable drain,
      Json json) {}

  @Override
  public void routing(HttpRules rules) {
    rules.get("/livez", (request, response) -> live(response));
    rules.get("/readyz", (request, response) -> ready(response));
    rules.get("/metrics", this::metrics);
    rules.post("/drain", this::drain);
  }

  private void live(ServerResponse response) {
    answerIfLive(response, "live");
  }

  private void ready(ServerResponse response) {
    switch (parts.lifeCycle.state()) {
      case ServerState.Serving _ -> answerIfLive(response, "serving");
      case ServerState.Starting _ -> answer(response, 503, "starting");
      case ServerState.Draining _ -> answer(response, 503, "draining");
      case ServerState.Stopped _ -> answer(response, 503, "stopped");
    }
  }

  /** A probe that may not pass while an engine is stuck or dead: requests would hang in it. */
  private void answerIfLive(ServerResponse response, String text) {
    Map<String, Health> health = parts.health.get();
    if (health.values().stream().allMatch(Health.Live.class::isInstance)) {
      answer(response, 200, text);
    } else {
      answer(response, 503, Liveness.body(health));
    }
  }

  private void metrics(ServerRequest request, ServerResponse response) {
    MetricsPage page =
        parts.metrics.apply(request.headers().first(HeaderNames.ACCEPT).orElse(null));
    response.header(HeaderNames.CONTENT_TYPE, page.contentType());
    response.send(page.text());
  }

  private void drain(ServerRequest request, ServerResponse response) {
    AuthResult result =
        parts.admin == null
            ? new AuthResult.Denied(AuthResult.Reason.NOT_CONFIGURED)
            : parts.admin.authenticate(Heads.of(request));
    switch (result) {
      case AuthResult.Allowed _ -> {
        parts.drain.run();
        answer(response, 202, "draining");
      }
      case AuthResult.Denied denied -> answer(response, 403, denied.message());
      case AuthResult.Signed _ ->
          throw new IllegalStateException("an admin key does not verify signatures");
    }
  }

  private void answer(ServerResponse response, int status, String text) {
    answer(response, status, Json.object().put("status", text));
  }

  private void answer(ServerResponse response, int status, ObjectNode body) {
    response.status(status);
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.send(parts.json.bytes(body));
  }
}
