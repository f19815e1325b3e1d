package dev.outcrop.helm;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import java.util.ArrayList;
import java.util.List;

/** What holds of what sets replicas. Each law gives what breaks it. */
final class ScalingLaws {
  private ScalingLaws() {}

  /** What scales a Deployment, and how far. */
  record Scaler(String id, String kind, String target, int least, int most) {}

  static List<Scaler> scalers(Rendering rendering) {
    List<Scaler> scalers = new ArrayList<>();
    for (HorizontalPodAutoscaler scaler : rendering.all(HorizontalPodAutoscaler.class)) {
      Integer least = scaler.getSpec().getMinReplicas();
      scalers.add(
          new Scaler(
              scaler.getMetadata().getName(),
              "HorizontalPodAutoscaler",
              scaler.getSpec().getScaleTargetRef().getName(),
              least == null ? 1 : least,
              scaler.getSpec().getMaxReplicas()));
    }
    for (JsonNode scaler : rendering.kind("ScaledObject")) {
      scalers.add(
          new Scaler(
              scaler.at("/metadata/name").asText(),
              "ScaledObject",
              scaler.at("/spec/scaleTargetRef/name").asText(),
              scaler.at("/spec/minReplicaCount").asInt(),
              scaler.at("/spec/maxReplicaCount").asInt()));
    }
    return scalers;
  }

  /** A Deployment's replicas are set by one: the Deployment, or one scaler of it. */
  static List<String> one(Rendering rendering) {
    List<String> findings = new ArrayList<>();
    for (Deployment deployment : rendering.all(Deployment.class)) {
      String name = deployment.getMetadata().getName();
      List<Scaler> scalers =
          scalers(rendering).stream().filter(scaler -> scaler.target().equals(name)).toList();
      int said = scalers.size() + (deployment.getSpec().getReplicas() == null ? 0 : 1);
      if (said != 1) {
        findings.add(name + "'s replicas are set by " + said);
      }
    }
    scalers(rendering)
        .forEach(
            scaler -> {
              if (rendering.all(Deployment.class).stream()
                  .noneMatch(d -> d.getMetadata().getName().equals(scaler.target()))) {
                findings.add(scaler.id() + " scales nothing");
              }
              if (scaler.most() < Math.max(1, scaler.least())) {
                findings.add(scaler.id() + " has less at most than at least");
              }
            });
    return findings;
  }

  /** Signals sees nothing of a model without a pod: what may go to none has a trigger besides. */
  static List<String> waking(Rendering rendering) {
    return rendering.kind("ScaledObject").stream()
        .filter(scaler -> scaler.at("/spec/minReplicaCount").asInt() == 0)
        .filter(scaler -> scaler.at("/spec/triggers").size() < 2)
        .map(scaler -> scaler.at("/metadata/name").asText() + " goes to none and nothing wakes it")
        .toList();
  }
}
