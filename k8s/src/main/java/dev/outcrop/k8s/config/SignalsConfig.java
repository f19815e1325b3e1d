package dev.outcrop.k8s.config;

import dev.outcrop.k8s.ModelLabel;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code signals.yaml} says; the components are its keys, in kebab case.
 *
 * @param namespace where the model pods, the Lease and the ConfigMap are
 * @param identity the name of this process among those that campaign for the Lease
 * @param poll how often the pods are read
 * @param lease the Lease that decides which of several processes writes
 * @param replicasConfigMap the ConfigMap that tells each workload its live replicas, or null where
 *     nobody wants to know
 * @param deletionCost whether busy pods are marked, so that a scale-down takes idle ones first
 * @param management the port of probes and metrics
 * @param scaler the KEDA external scaler
 * @param externalMetrics the external metrics API
 * @param models the models whose pods are watched
 */
public record SignalsConfig(
    String namespace,
    String identity,
    Duration poll,
    LeaseConfig lease,
    @Nullable String replicasConfigMap,
    boolean deletionCost,
    ManagementConfig management,
    ScalerConfig scaler,
    ExternalMetricsConfig externalMetrics,
    List<ModelConfig> models) {
  /** Checks all; messages start with the key they are about. */
  public SignalsConfig {
    if (namespace == null || namespace.isEmpty()) {
      throw new IllegalArgumentException(
          "namespace is required, in the file or in the environment as POD_NAMESPACE");
    }
    if (identity == null || identity.isBlank()) {
      throw new IllegalArgumentException(
          "identity is required, in the file or in the environment as POD_NAME");
    }
    Check.name(namespace, "namespace");
    Check.between(poll, Duration.ofMillis(100), Duration.ofMinutes(5), "poll");
    Check.required(lease, "lease");
    if (replicasConfigMap != null) {
      Check.name(replicasConfigMap, "replicas-config-map");
    }
    Check.required(management, "management");
    Check.required(scaler, "scaler");
    Check.required(externalMetrics, "external-metrics");
    models = List.copyOf(Check.required(models, "models"));
    checkModels(models);
    if (externalMetrics.enabled()) {
      checkLabels(models);
    }
  }

  /** An autoscaler would be told the sum of those that have one label. */
  private static void checkLabels(List<ModelConfig> models) {
    Map<String, String> ids = new HashMap<>();
    for (ModelConfig model : models) {
      String label = ModelLabel.of(model.id());
      String other = ids.putIfAbsent(label, model.id());
      if (other != null) {
        throw new IllegalArgumentException(
            "models must differ in the label that external-metrics gives them, %s and %s are both %s"
                .formatted(other, model.id(), label));
      }
    }
  }

  private static void checkModels(List<ModelConfig> models) {
    if (models.isEmpty()) {
      throw new IllegalArgumentException("models must name at least one");
    }
    Set<String> ids = new HashSet<>();
    Map<String, Map<String, String>> selectors = new HashMap<>();
    for (int i = 0; i < models.size(); i++) {
      ModelConfig model = models.get(i);
      try {
        Check.required(model.policy(), "policy");
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("models[%d].%s".formatted(i, e.getMessage()), e);
      }
      if (!ids.add(model.id())) {
        throw new IllegalArgumentException(
            "models must have ids of their own, two have " + model.id());
      }
      Map<String, String> other = selectors.putIfAbsent(model.workload(), model.selector());
      if (other != null && !other.equals(model.selector())) {
        throw new IllegalArgumentException(
            "models of one workload must have one selector, those of %s have %s and %s"
                .formatted(model.workload(), other, model.selector()));
      }
    }
  }
}
