package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.config.ModelConfig;
import dev.outcrop.k8s.config.SignalsConfig;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model pods as Kubernetes tells them: one watch for each selector in the one namespace, never
 * of the cluster. What was told last holds while the API server cannot be reached. Safe for any
 * thread.
 */
final class ModelPods implements PodDirectory, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelPods.class);

  private final Map<Map<String, String>, SharedIndexInformer<Pod>> informers = new HashMap<>();

  /** Begins to watch. */
  ModelPods(KubernetesClient client, SignalsConfig config) {
    for (ModelConfig model : config.models()) {
      informers.computeIfAbsent(
          model.selector(), selector -> informer(client, config.namespace(), selector));
    }
    informers.values().forEach(SharedIndexInformer::start);
  }

  private static SharedIndexInformer<Pod> informer(
      KubernetesClient client, String namespace, Map<String, String> selector) {
    SharedIndexInformer<Pod> informer =
        client.pods().inNamespace(namespace).withLabels(selector).runnableInformer(0);
    informer.exceptionHandler(
        (_, failure) -> {
          LOG.warn("the pods {} cannot be watched, trying again: {}", selector, failure.toString());
          return true;
        });
    return informer;
  }

  @Override
  public Optional<List<PodFacts>> pods(ModelConfig model) {
    SharedIndexInformer<Pod> informer = informers.get(model.selector());
    if (informer == null || !informer.hasSynced()) {
      return Optional.empty();
    }
    return Optional.of(PodDirectory.facts(informer.getStore().list()));
  }

  @Override
  public void close() {
    informers.values().forEach(SharedIndexInformer::stop);
  }
}
