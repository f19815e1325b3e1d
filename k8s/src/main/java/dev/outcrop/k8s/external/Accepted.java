package dev.outcrop.k8s.external;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What form of an answer a client accepts (RFC 9110, section 12.5.1, and the parameters {@code g},
 * {@code v} and {@code as} of Kubernetes). The order counts and qualities do not, as the clients of
 * Kubernetes list the best first.
 */
enum Accepted {
  /** The object itself, in JSON. */
  PLAIN(""),
  /** All of the server's groups in one document. */
  DISCOVERY_V2("v2"),
  /** The same as older clusters know it. */
  DISCOVERY_V2_BETA("v2beta1");

  final String version;

  Accepted(String version) {
    this.version = version;
  }

  /** The media type of a discovery document. */
  String mediaType() {
    return "application/json;g=apidiscovery.k8s.io;v=%s;as=APIGroupDiscoveryList"
        .formatted(version);
  }

  /**
   * The form to answer in, or null where none that is accepted can be given.
   *
   * @param accept the header's value; null and nothing accept all
   * @param discovery whether the answer can be one of the discovery documents
   */
  static @Nullable Accepted of(@Nullable String accept, boolean discovery) {
    if (accept == null || accept.isBlank()) {
      return PLAIN;
    }
    boolean protobuf = false;
    for (String entry : accept.split(",")) {
      List<String> parts = Arrays.stream(entry.split(";")).map(String::strip).toList();
      Map<String, String> parameters = parameters(parts.subList(1, parts.size()));
      String form = parameters.get("as");
      switch (parts.getFirst().toLowerCase(Locale.ROOT)) {
        case "application/json", "application/*", "*/*" -> {
          if (form == null) {
            return PLAIN;
          }
          Accepted document = discovery ? document(form, parameters) : null;
          if (document != null) {
            return document;
          }
        }
        // Clients that ask for protobuf alone read JSON as well; there is nothing else.
        case "application/vnd.kubernetes.protobuf" -> protobuf |= form == null;
        default -> {}
      }
    }
    return protobuf ? PLAIN : null;
  }

  private static @Nullable Accepted document(String form, Map<String, String> parameters) {
    if (form.equals("APIGroupDiscoveryList") && "apidiscovery.k8s.io".equals(parameters.get("g"))) {
      for (Accepted each : List.of(DISCOVERY_V2, DISCOVERY_V2_BETA)) {
        if (each.version.equals(parameters.get("v"))) {
          return each;
        }
      }
    }
    return null;
  }

  private static Map<String, String> parameters(List<String> parts) {
    Map<String, String> all = new HashMap<>();
    for (String part : parts) {
      int equals = part.indexOf('=');
      if (equals > 0) {
        all.put(part.substring(0, equals), part.substring(equals + 1));
      }
    }
    return all;
  }
}
