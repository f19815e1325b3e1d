package dev.outcrop.k8s.watch;

import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many replicas workloads are told to have, from their scale. What was said last holds while
 * the API server cannot be reached. Safe for any thread.
 */
final class Replicas {
  private static final Logger LOG = LoggerFactory.getLogger(Replicas.class);

  private final KubernetesClient client;
  private final String namespace;
  private final Map<String, Integer> last = new ConcurrentHashMap<>();
  private final Set<String> complained = ConcurrentHashMap.newKeySet();

  Replicas(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  /** How many, or nothing where nobody says; then the pods that there are have to do. */
  OptionalInt of(String workload) {
    try {
      Scale scale = client.apps().deployments().inNamespace(namespace).withName(workload).scale();
      if (scale != null && scale.getSpec() != null && scale.getSpec().getReplicas() != null) {
        last.put(workload, scale.getSpec().getReplicas());
        complained.remove(workload);
      } else {
        forget(workload, "there is none");
      }
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
          || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        forget(workload, "status " + e.getCode());
      } else {
        complain(workload, String.valueOf(e.getMessage()));
      }
    }
    Integer known = last.get(workload);
    return known == null ? OptionalInt.empty() : OptionalInt.of(known);
  }

  private void forget(String workload, String why) {
    last.remove(workload);
    complain(workload, why);
  }

  private void complain(String workload, String why) {
    if (complained.add(workload)) {
      LOG.warn("the scale of deployment {} cannot be read: {}", workload, why);
    }
  }
}
