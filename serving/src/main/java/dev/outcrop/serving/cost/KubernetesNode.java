package dev.outcrop.serving.cost;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Reads what the pod's Node says of itself, with the pod's own account, which has to be allowed to
 * get nodes.
 */
final class KubernetesNode {
  private static final Path ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
  private static final List<String> DEVICES =
      List.of("nvidia.com/gpu", "aws.amazon.com/neuron", "aws.amazon.com/neurondevice");
  private static final List<String> CAPACITY =
      List.of("karpenter.sh/capacity-type", "eks.amazonaws.com/capacityType");

  private final URI api;
  private final Path token;
  private final JsonSource source;

  /**
   * A reader.
   *
   * @param api the API server
   * @param token the file with the account's token, which is renewed now and then
   */
  KubernetesNode(URI api, Path token, JsonSource source) {
    this.api = api;
    this.token = token;
    this.source = source;
  }

  /** That of the cluster that this pod runs in. */
  static KubernetesNode here(Map<String, String> environment) throws IOException {
    String host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "");
    String port = environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443");
    if (host.isEmpty()) {
      throw new IOException("this is no pod: KUBERNETES_SERVICE_HOST is not set");
    }
    String named = host.contains(":") ? "[" + host + "]" : host;
    HttpClient client = JsonSource.client().sslContext(trust(ACCOUNT.resolve("ca.crt"))).build();
    return new KubernetesNode(
        URI.create("https://%s:%s".formatted(named, port)),
        ACCOUNT.resolve("token"),
        new JsonSource(client));
  }

  private static SSLContext trust(Path certificates) throws IOException {
    try (InputStream in = Files.newInputStream(certificates)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("ca-" + trusted.size(), each);
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(certificates + " holds no certificates", e);
    }
  }

  /** What a node says. */
  NodeFacts read(String name) throws IOException, InterruptedException {
    String bearer = Files.readString(token).strip();
    JsonNode node = source.get(api.resolve("/api/v1/nodes/" + name), bearer);
    JsonNode labels = node.path("metadata").path("labels");
    JsonNode capacity = node.path("status").path("capacity");
    String paid =
        CAPACITY.stream()
            .map(label -> labels.path(label).asText(""))
            .filter(text -> !text.isEmpty())
            .findFirst()
            .orElse("");
    int devices = DEVICES.stream().mapToInt(key -> capacity.path(key).asInt(0)).max().orElse(0);
    return new NodeFacts(
        name, labels.path("node.kubernetes.io/instance-type").asText(""), paid, devices);
  }
}
