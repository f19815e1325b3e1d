package dev.outcrop.k8s.watch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.net.URI;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What Kubernetes says of a model pod.
 *
 * @param name its name
 * @param uid tells it from another of that name
 * @param version the version of its object, for writes that must not run over others'
 * @param address its IP, or null where it has none yet
 * @param phase where it is in its life
 * @param since when it became ready or ceased to be, or was created where neither is known
 * @param cost its deletion cost, or null
 * @param mark the deletion cost that this process or one like it gave it last, or null
 */
record PodFacts(
    String name,
    String uid,
    String version,
    @Nullable String address,
    Phase phase,
    Instant since,
    @Nullable String cost,
    @Nullable String mark) {
  /** The annotation that the ReplicaSet controller looks at; the lower goes first. */
  static final String COST = "controller.kubernetes.io/pod-deletion-cost";

  /** Says who wrote the cost: it is ours while both are equal. */
  static final String MARK = "outcrop.dev/pod-deletion-cost";

  /** Where a pod is in its life. */
  enum Phase {
    /** Not scheduled, starting, loading, or not ready any more. */
    COMING,
    /** In the Service. */
    READY,
    /** Being deleted: it finishes what it has. */
    LEAVING
  }

  /** Reads a pod, unless its containers have ended for good. */
  static Optional<PodFacts> of(Pod pod) {
    PodStatus status = pod.getStatus();
    String phase = status == null ? null : status.getPhase();
    if ("Succeeded".equals(phase) || "Failed".equals(phase)) {
      return Optional.empty();
    }
    Instant created = instant(pod.getMetadata().getCreationTimestamp(), Instant.EPOCH);
    String address = status == null ? null : status.getPodIP();
    PodCondition ready = status == null ? null : ready(status);
    Phase at;
    if (pod.getMetadata().getDeletionTimestamp() != null) {
      at = Phase.LEAVING;
    } else if (ready != null && "True".equals(ready.getStatus()) && address != null) {
      at = Phase.READY;
    } else {
      at = Phase.COMING;
    }
    Map<String, String> annotations = pod.getMetadata().getAnnotations();
    return Optional.of(
        new PodFacts(
            pod.getMetadata().getName(),
            String.valueOf(pod.getMetadata().getUid()),
            String.valueOf(pod.getMetadata().getResourceVersion()),
            address,
            at,
            ready == null ? created : instant(ready.getLastTransitionTime(), created),
            annotations == null ? null : annotations.get(COST),
            annotations == null ? null : annotations.get(MARK)));
  }

  /** Where its management port listens; it must have an address. */
  URI management(int port) {
    String host = address != null && address.contains(":") ? "[" + address + "]" : address;
    return URI.create("http://" + host + ":" + port);
  }

  private static @Nullable PodCondition ready(PodStatus status) {
    return status.getConditions().stream()
        .filter(each -> "Ready".equals(each.getType()))
        .findFirst()
        .orElse(null);
  }

  private static Instant instant(@Nullable String text, Instant otherwise) {
    if (text == null) {
      return otherwise;
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      return otherwise;
    }
  }
}
