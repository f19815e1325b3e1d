package dev.outcrop.serving.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.outcrop.batching.Health;
import dev.outcrop.serving.auth.AuthResult;
import dev.outcrop.serving.auth.RequestHead;
import dev.outcrop.serving.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the management port answers: {@code /startupz}, {@code /readyz}, {@code /livez} and {@code
 * /metrics} to everybody who reaches it, {@code POST /drain} to the holder of the admin key.
 *
 * <p>The probes are three different truths. Startup: models are loaded and have generated once;
 * when that is so it stays so. Readiness: requests are taken and no engine is stuck. Liveness: no
 * engine has work that it makes no progress on; to load, to be overloaded and to drain is to live.
 */
final class Management implements HttpHandler {
  private static final Logger LOG = LoggerFactory.getLogger(Management.class);
  private static final int MAX_BODY = 1_024;
  private static final int NO_BODY = -1;

  private final ManagementPort.Parts parts;

  Management(ManagementPort.Parts parts) {
    this.parts = parts;
  }

  private record Answer(int status, String contentType, byte[] body) {}

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (exchange.getRequestBody().readNBytes(MAX_BODY + 1).length > MAX_BODY) {
        exchange.getResponseHeaders().set("Connection", "close");
      }
      Answer answer;
      try {
        answer = answer(exchange);
      } catch (RuntimeException e) {
        Faults.log(LOG, "to the management port", e);
        answer = json(500, "failed");
      }
      exchange.getResponseHeaders().set("Content-Type", answer.contentType);
      if (answer.body.length == 0 || exchange.getRequestMethod().equals("HEAD")) {
        exchange.sendResponseHeaders(answer.status, NO_BODY);
      } else {
        exchange.sendResponseHeaders(answer.status, answer.body.length);
        exchange.getResponseBody().write(answer.body);
      }
    }
  }

  private Answer answer(HttpExchange exchange) {
    String path = String.valueOf(exchange.getRequestURI().getPath());
    return switch (exchange.getRequestMethod() + " " + path) {
      case "GET /startupz" -> started();
      case "GET /readyz" -> ready();
      case "GET /livez" -> live();
      case "GET /metrics" -> metrics(exchange);
      case "POST /drain" -> drain(exchange);
      default -> json(404, "unknown");
    };
  }

  private Answer started() {
    return switch (parts.lifeCycle().state()) {
      case ServerState.Starting starting -> loading(starting);
      case ServerState.Serving _, ServerState.Leaving _, ServerState.Draining _ ->
          json(200, "started");
      case ServerState.Stopped _ -> json(503, "stopped");
    };
  }

  private Answer ready() {
    return switch (parts.lifeCycle().state()) {
      case ServerState.Starting starting -> loading(starting);
      case ServerState.Serving _ -> ifLive(Liveness.troubled(parts.health().get()), "serving");
      case ServerState.Leaving _ -> json(503, "leaving");
      case ServerState.Draining _ -> json(503, "draining");
      case ServerState.Stopped _ -> json(503, "stopped");
    };
  }

  private Answer live() {
    return switch (parts.lifeCycle().state()) {
      case ServerState.Starting _ -> json(200, "live");
      case ServerState.Serving _, ServerState.Leaving _ ->
          ifLive(Liveness.troubled(parts.health().get()), "live");
      case ServerState.Draining _, ServerState.Stopped _ ->
          ifLive(Liveness.stuck(parts.health().get()), "live");
    };
  }

  private Answer loading(ServerState.Starting starting) {
    return json(503, Json.object().put("status", "loading").put("loading", starting.loading()));
  }

  private Answer ifLive(Map<String, Health> troubled, String status) {
    return troubled.isEmpty() ? json(200, status) : json(503, Liveness.body(troubled));
  }

  private Answer metrics(HttpExchange exchange) {
    MetricsPage page = parts.metrics().apply(exchange.getRequestHeaders().getFirst("Accept"));
    return new Answer(200, page.contentType(), page.text().getBytes(StandardCharsets.UTF_8));
  }

  private Answer drain(HttpExchange exchange) {
    AuthResult result =
        parts.admin() == null
            ? new AuthResult.Denied(AuthResult.Reason.NOT_CONFIGURED)
            : parts.admin().authenticate(head(exchange));
    return switch (result) {
      case AuthResult.Allowed _ -> {
        if (parts.lifeCycle().state() instanceof ServerState.Starting starting) {
          yield loading(starting);
        }
        parts.drain().run();
        yield json(202, "draining");
      }
      case AuthResult.Denied denied -> json(403, denied.message());
      case AuthResult.Signed _ ->
          throw new IllegalStateException("an admin key does not verify signatures");
    };
  }

  private static RequestHead head(HttpExchange exchange) {
    String query = exchange.getRequestURI().getRawQuery();
    return new RequestHead(
        exchange.getRequestMethod(),
        exchange.getRequestURI().getRawPath(),
        query == null ? "" : query,
        name -> exchange.getRequestHeaders().getOrDefault(name, List.of()));
  }

  private Answer json(int status, String text) {
    return json(status, Json.object().put("status", text));
  }

  private Answer json(int status, ObjectNode body) {
    return new Answer(status, "application/json", parts.json().bytes(body));
  }
}
