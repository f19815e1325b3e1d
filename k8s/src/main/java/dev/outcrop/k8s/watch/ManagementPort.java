package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.config.ManagementConfig;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The port of probes and metrics. */
final class ManagementPort implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(1);
  private static final int MOST_CONNECTIONS = 256;

  private final WebServer server;

  private ManagementPort(WebServer server) {
    this.server = server;
  }

  /**
   * What the port shows.
   *
   * @param live whether polls go on
   * @param ready whether there is a conclusion for every model
   * @param metrics the exposition for an Accept header
   */
  record Parts(
      BooleanSupplier live,
      BooleanSupplier ready,
      Function<@Nullable String, SignalsMetrics.Page> metrics) {}

  /**
   * Opens it.
   *
   * @throws IllegalStateException where it cannot listen there
   */
  static ManagementPort open(ManagementConfig config, Parts parts) {
    WebServer server =
        WebServer.builder()
            .host(config.host())
            .port(config.port())
            .shutdownHook(false)
            .shutdownGracePeriod(GRACE)
            .maxTcpConnections(MOST_CONNECTIONS)
            .routing(routing -> routing.register("/", () -> rules -> routes(rules, parts)))
            .build();
    server.start();
    if (!server.isRunning()) { // Helidon 4.5 only logs that a port is taken.
      throw new IllegalStateException(
          "cannot listen on %s port %d".formatted(config.host(), config.port()));
    }
    return new ManagementPort(server);
  }

  private static void routes(HttpRules rules, Parts parts) {
    rules.get(
        "/livez", (_, response) -> answer(response, parts.live.getAsBoolean(), "live", "stuck"));
    rules.get(
        "/readyz",
        (_, response) -> answer(response, parts.ready.getAsBoolean(), "ready", "reading"));
    rules.get(
        "/metrics",
        (request, response) -> {
          SignalsMetrics.Page page =
              parts.metrics.apply(request.headers().first(HeaderNames.ACCEPT).orElse(null));
          response.header(HeaderNames.CONTENT_TYPE, page.contentType());
          response.send(page.text());
        });
  }

  private static void answer(ServerResponse response, boolean good, String yes, String no) {
    response.status(good ? 200 : 503);
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.send("{\"status\":\"%s\"}".formatted(good ? yes : no));
  }

  int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
  }
}
