package dev.outcrop.k8s.external;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.k8s.tls.ClientTrust;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * How kube-apiserver says for whom it asks: with a certificate of its own that a certain authority
 * has signed, and headers that name the user. Headers without that certificate are worth nothing,
 * as everybody can send them.
 *
 * @param trust what the authority signed
 * @param allowedNames common names that the certificate may have; empty for all
 * @param userHeaders where the user's name is, the first that is there
 * @param groupHeaders where the groups are
 * @param extraPrefixes what headers begin with that carry the rest
 */
record RequestHeaders(
    ClientTrust trust,
    List<String> allowedNames,
    List<String> userHeaders,
    List<String> groupHeaders,
    List<String> extraPrefixes) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final TypeReference<List<String>> TEXTS = new TypeReference<>() {};

  /**
   * Reads the data of ConfigMap extension-apiserver-authentication.
   *
   * @throws IllegalArgumentException where it lacks something; it names it
   */
  static RequestHeaders of(Map<String, String> data) {
    String authorities = data.get("requestheader-client-ca-file");
    if (authorities == null || authorities.isBlank()) {
      throw new IllegalArgumentException(
          "requestheader-client-ca-file is missing: the cluster's API aggregation is not set up");
    }
    ClientTrust trust;
    try {
      trust = ClientTrust.of(authorities);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("requestheader-client-ca-file: " + e.getMessage(), e);
    }
    return new RequestHeaders(
        trust,
        list(data, "requestheader-allowed-names"),
        list(data, "requestheader-username-headers"),
        list(data, "requestheader-group-headers"),
        list(data, "requestheader-extra-headers-prefix"));
  }

  private static List<String> list(Map<String, String> data, String key) {
    String json = data.get(key);
    if (json == null || json.isBlank()) {
      return List.of();
    }
    try {
      List<String> list = MAPPER.readValue(json, TEXTS);
      return list == null ? List.of() : List.copyOf(list);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(key + " is not a JSON list of texts", e);
    }
  }

  /**
   * Who asks.
   *
   * @param chain what the client showed in TLS, and proved to hold the key of; may be empty
   * @param headers all headers' values by name in lower case
   */
  Caller caller(List<X509Certificate> chain, Map<String, List<String>> headers) {
    if (chain.isEmpty()) {
      return new Caller.Unknown("a client certificate of kube-apiserver is needed");
    }
    if (!trust.trusts(chain)) {
      return new Caller.Unknown(
          "the client certificate is not signed by the cluster's front proxy authority, or is out"
              + " of date");
    }
    if (!allowedNames.isEmpty() && !allowedNames.contains(commonName(chain.getFirst()))) {
      return new Caller.Unknown("the client certificate's name is not an allowed one");
    }
    Function<String, Stream<String>> values =
        name -> headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()).stream();
    String user =
        userHeaders.stream().flatMap(values).filter(name -> !name.isEmpty()).findFirst().orElse("");
    if (user.isEmpty()) {
      return new Caller.Unknown("the request names no user");
    }
    List<String> groups =
        groupHeaders.stream().flatMap(values).filter(name -> !name.isEmpty()).toList();
    return new Caller.Known(user, groups, extra(headers));
  }

  private Map<String, List<String>> extra(Map<String, List<String>> headers) {
    Map<String, List<String>> extra = new LinkedHashMap<>();
    for (String prefix : extraPrefixes) {
      String start = prefix.toLowerCase(Locale.ROOT);
      headers.forEach(
          (name, values) -> {
            if (name.startsWith(start) && name.length() > start.length()) {
              extra
                  .computeIfAbsent(decoded(name.substring(start.length())), _ -> new ArrayList<>())
                  .addAll(values);
            }
          });
    }
    return extra;
  }

  /** Keys are percent-encoded; what is not stays as it is. */
  private static String decoded(String key) {
    try {
      return URLDecoder.decode(key.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return key;
    }
  }

  private static String commonName(X509Certificate certificate) {
    try {
      for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN")) {
          return part.getValue().toString();
        }
      }
      return "";
    } catch (InvalidNameException e) {
      return "";
    }
  }
}
