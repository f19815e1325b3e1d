package dev.outcrop.k8s.external;

import dev.outcrop.k8s.ScalingSource;
import dev.outcrop.k8s.external.Answer.Reason;
import dev.outcrop.k8s.tls.ServerIdentity;
import io.helidon.common.tls.Tls;
import io.helidon.common.tls.TlsClientAuth;
import io.helidon.http.DirectHandler;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server behind APIService {@code v1beta1.external.metrics.k8s.io}, over HTTP/1.1 and TLS 1.3.
 * Every replica of signals serves it. Started and closed by one thread.
 */
public final class ExternalMetrics implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ExternalMetrics.class);
  private static final int MAX_CONNECTIONS = 512;
  private static final int MAX_BODY = 1_024;
  private static final Duration IDLE = Duration.ofMinutes(5);
  private static final Duration IDLE_LOOK = Duration.ofSeconds(30);
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final List<String> OWN_NAMES = List.of("outcrop-signals", "localhost");

  private final WebServer server;
  private final ServerIdentity identity;
  private final Authentication authentication;

  private ExternalMetrics(
      WebServer server, ServerIdentity identity, Authentication authentication) {
    this.server = server;
    this.identity = identity;
    this.authentication = authentication;
  }

  /**
   * Begins to listen.
   *
   * @throws IllegalArgumentException where the certificate cannot be used; it names its files
   * @throws IllegalStateException where the port is taken
   */
  public static ExternalMetrics start(
      ExternalMetricsConfig config, ScalingSource source, DelegatedAuth auth) {
    ServerIdentity identity = identity(config);
    Authentication authentication = Authentication.start(auth, config.trustReload());
    ApiHandler handler =
        new ApiHandler(
            authentication,
            new Authorization(auth, System::nanoTime),
            new Metrics(source, config.namespace(), config.window()));
    WebServer server = server(config, identity, handler);
    ExternalMetrics metrics = new ExternalMetrics(server, identity, authentication);
    try {
      server.start();
      if (!server.isRunning()) { // Helidon 4.5 only logs that a port is taken.
        throw new IllegalStateException("the server is not running");
      }
    } catch (RuntimeException e) {
      metrics.close();
      throw new IllegalStateException(
          "cannot listen on %s port %d for external metrics"
              .formatted(config.host(), config.port()),
          e);
    }
    LOG.info("external metrics are answered on {} port {}", config.host(), server.port());
    return metrics;
  }

  /** The port. */
  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
    authentication.close();
    identity.close();
  }

  private static ServerIdentity identity(ExternalMetricsConfig config) {
    Path certificate = config.certificateFile();
    Path key = config.keyFile();
    if (certificate != null && key != null) {
      return ServerIdentity.open(certificate, key, config.reload());
    }
    LOG.warn(
        "external-metrics.certificate-file is not given: the certificate signs itself, and the"
            + " APIService needs insecureSkipTLSVerify");
    return ServerIdentity.selfSigned(OWN_NAMES);
  }

  private static WebServer server(
      ExternalMetricsConfig config, ServerIdentity identity, ApiHandler handler) {
    return WebServer.builder()
        .host(config.host())
        .port(config.port())
        .tls(tls(identity))
        .connectionOptions(socket -> socket.tcpNoDelay(true))
        .shutdownHook(false)
        .shutdownGracePeriod(GRACE)
        .maxTcpConnections(MAX_CONNECTIONS)
        .maxPayloadSize(MAX_BODY)
        .idleConnectionTimeout(IDLE)
        .idleConnectionPeriod(IDLE_LOOK)
        .protocolsDiscoverServices(false)
        .addConnectionSelector(
            Http1ConnectionSelector.builder().config(Http1Config.create()).build())
        .directHandlers(refusals())
        .routing(routing -> routing.any((request, response) -> answer(handler, request, response)))
        .build();
  }

  /**
   * Clients are asked for a certificate and may show any: which are trusted is decided with each
   * request, by what the cluster says then, and a refusal says why.
   */
  private static Tls tls(ServerIdentity identity) {
    try {
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(new KeyManager[] {identity}, new TrustManager[] {new ShownCertificates()}, null);
      return Tls.builder()
          .sslContext(context)
          .clientAuth(TlsClientAuth.OPTIONAL)
          .addEnabledProtocol("TLSv1.3")
          .build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java speaks TLS 1.3", e);
    }
  }

  private static void answer(ApiHandler handler, ServerRequest request, ServerResponse response) {
    Answer answer = handler.answer(request(request));
    response.status(answer.status());
    response.header(HeaderNames.CONTENT_TYPE, answer.contentType());
    response.header(HeaderNames.VARY, "Accept");
    response.header(HeaderNames.CACHE_CONTROL, "no-cache, private");
    response.send(answer.bytes());
  }

  private static ApiHandler.Request request(ServerRequest request) {
    Map<String, List<String>> headers = new HashMap<>();
    for (Header header : request.headers()) {
      headers.put(header.name().toLowerCase(Locale.ROOT), header.allValues());
    }
    return new ApiHandler.Request(
        request.prologue().method().text(),
        request.path().path(),
        headers.containsKey("accept") ? String.join(",", headers.get("accept")) : null,
        request.query().first("labelSelector").orElse(null),
        chain(request.remotePeer().tlsCertificates().orElse(new Certificate[0])),
        headers);
  }

  private static List<X509Certificate> chain(Certificate[] shown) {
    return Arrays.stream(shown)
        .filter(X509Certificate.class::isInstance)
        .map(X509Certificate.class::cast)
        .toList();
  }

  /** What Helidon refuses before there is a request to route is refused as Kubernetes does. */
  private static DirectHandlers refusals() {
    DirectHandler handler =
        (request, event, status, headers, message) -> {
          Answer answer = Answer.error(Reason.of(status.code()), "the request cannot be answered");
          ServerResponseHeaders own = ServerResponseHeaders.create(headers);
          own.set(HeaderNames.CONTENT_TYPE, answer.contentType());
          return DirectHandler.TransportResponse.builder()
              .status(status)
              .headers(own)
              .entity(answer.bytes())
              .build();
        };
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }
}
