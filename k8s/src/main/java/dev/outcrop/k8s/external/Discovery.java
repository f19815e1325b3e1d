package dev.outcrop.k8s.external;

import java.util.List;
import java.util.Map;

/** The documents by which clients learn what this server has; in the order of Kubernetes' own. */
final class Discovery {
  static final String GROUP = "external.metrics.k8s.io";
  static final String VERSION = "v1beta1";
  static final String GROUP_VERSION = GROUP + "/" + VERSION;
  static final String LIST = "ExternalMetricValueList";

  private static final String RESOURCE = "externalmetrics";
  private static final List<String> VERBS = List.of("get");

  private Discovery() {}

  /** GET /apis, as all clients read it. */
  static Object groups() {
    return Json.object("kind", "APIGroupList", "apiVersion", "v1", "groups", List.of(described()));
  }

  /** GET /apis, as newer clients and kube-aggregator ask for it. */
  static Object aggregated(Accepted form) {
    Object resource =
        Json.object(
            "resource",
            RESOURCE,
            "responseKind",
            Json.object("group", GROUP, "version", VERSION, "kind", LIST),
            "scope",
            "Namespaced",
            "singularResource",
            "",
            "verbs",
            VERBS);
    Object version =
        Json.object("version", VERSION, "resources", List.of(resource), "freshness", "Current");
    return Json.object(
        "kind",
        "APIGroupDiscoveryList",
        "apiVersion",
        "apidiscovery.k8s.io/" + form.version,
        "metadata",
        Map.of(),
        "items",
        List.of(Json.object("metadata", Json.object("name", GROUP), "versions", List.of(version))));
  }

  /** GET /apis/external.metrics.k8s.io. */
  static Object group() {
    Map<String, Object> group = Json.object("kind", "APIGroup", "apiVersion", "v1");
    group.putAll(described());
    return group;
  }

  /** GET /apis/external.metrics.k8s.io/v1beta1. */
  static Object resources() {
    return Json.object(
        "kind",
        "APIResourceList",
        "apiVersion",
        "v1",
        "groupVersion",
        GROUP_VERSION,
        "resources",
        List.of(
            Json.object(
                "name", RESOURCE,
                "singularName", "",
                "namespaced", true,
                "kind", LIST,
                "verbs", VERBS)));
  }

  /**
   * GET /openapi/v2: says nothing, but kube-apiserver writes an error every minute while it is not
   * there.
   */
  static Object openApi() {
    return Json.object(
        "swagger", "2.0",
        "info", Json.object("title", "Outcrop external metrics", "version", VERSION),
        "paths", Map.of());
  }

  private static Map<String, Object> described() {
    Map<String, Object> version = Json.object("groupVersion", GROUP_VERSION, "version", VERSION);
    return Json.object("name", GROUP, "versions", List.of(version), "preferredVersion", version);
  }
}
