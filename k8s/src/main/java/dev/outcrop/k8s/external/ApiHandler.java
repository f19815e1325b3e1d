package dev.outcrop.k8s.external;

import dev.outcrop.k8s.external.Answer.Reason;
import dev.outcrop.k8s.external.DelegatedAuth.Access;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the paths of an aggregated API server. Safe on any thread; may ask the cluster. */
final class ApiHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ApiHandler.class);

  private final Authentication authentication;
  private final Authorization authorization;
  private final Metrics metrics;

  ApiHandler(Authentication authentication, Authorization authorization, Metrics metrics) {
    this.authentication = authentication;
    this.authorization = authorization;
    this.metrics = metrics;
  }

  /**
   * A request.
   *
   * @param path percent-decoded
   * @param accept the header Accept
   * @param selector the query parameter labelSelector
   * @param chain what the client showed in TLS; may be empty
   * @param headers all headers' values by name in lower case
   */
  record Request(
      String method,
      String path,
      @Nullable String accept,
      @Nullable String selector,
      List<X509Certificate> chain,
      Map<String, List<String>> headers) {}

  Answer answer(Request request) {
    String path =
        request.path.length() > 1 && request.path.endsWith("/")
            ? request.path.substring(0, request.path.length() - 1)
            : request.path;
    boolean get = request.method.equals("GET");
    if (get && (path.equals("/healthz") || path.equals("/livez"))) {
      return Answer.text("ok");
    }
    if (get && path.equals("/readyz")) {
      return authentication.isReady()
          ? Answer.text("ok")
          : Answer.error(
              Reason.SERVICE_UNAVAILABLE, "it is not known yet how kube-apiserver shows itself");
    }
    return switch (authentication.caller(request.chain, request.headers)) {
      case Caller.Unknown unknown -> Answer.error(Reason.UNAUTHORIZED, unknown.why());
      case Caller.Known caller ->
          get
              ? resource(path, request, caller)
              : Answer.error(Reason.METHOD_NOT_ALLOWED, "metrics are only read, with GET");
    };
  }

  private Answer resource(String path, Request request, Caller.Known caller) {
    String[] parts = path.substring(1).split("/", -1);
    boolean group = parts.length > 1 && parts[0].equals("apis") && parts[1].equals(Discovery.GROUP);
    boolean version = group && parts.length > 2 && parts[2].equals(Discovery.VERSION);
    if (path.equals("/apis")) {
      return accepted(
          request,
          true,
          (form, _) ->
              form == Accepted.PLAIN
                  ? Answer.json(Discovery.groups())
                  : Answer.json(form.mediaType(), Discovery.aggregated(form)));
    }
    if (path.equals("/openapi/v2")) {
      return Answer.json(Discovery.openApi());
    }
    if (group && parts.length == 2) {
      return accepted(request, false, (_, _) -> Answer.json(Discovery.group()));
    }
    if (version && parts.length == 3) {
      return accepted(request, false, (_, _) -> Answer.json(Discovery.resources()));
    }
    if (version && parts.length == 6 && parts[3].equals("namespaces")) {
      return accepted(request, false, (_, of) -> metric(parts[4], parts[5], of, caller));
    }
    return Answer.error(Reason.NOT_FOUND, "the server could not find the requested resource");
  }

  private static Answer accepted(
      Request request, boolean discovery, BiFunction<Accepted, Request, Answer> answer) {
    Accepted form = Accepted.of(request.accept, discovery);
    return form == null
        ? Answer.error(Reason.NOT_ACCEPTABLE, "only application/json is written here")
        : answer.apply(form, request);
  }

  private Answer metric(String namespace, String name, Request request, Caller.Known caller) {
    Access access =
        new Access(
            caller.user(),
            caller.groups(),
            caller.extra(),
            // What kube-apiserver makes of a GET without a name.
            "list",
            Discovery.GROUP,
            Discovery.VERSION,
            name,
            namespace);
    try {
      if (!authorization.allows(access)) {
        return Answer.error(
            Reason.FORBIDDEN,
            "the user %s may not list %s.%s in the namespace %s"
                .formatted(caller.user(), name, Discovery.GROUP, namespace));
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("it cannot be asked who may read metrics: {}", e.getMessage());
      return Answer.error(
          Reason.INTERNAL_ERROR, "the cluster did not say whether the metric may be read");
    }
    return metrics.read(namespace, name, request.selector);
  }
}
