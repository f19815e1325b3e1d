package dev.outcrop.k8s.watch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.k8s.watch.ModelView.SeenPod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks busy pods, so that a scale-down takes idle ones first. A mark follows the class of a pod's
 * work: it rises at once, and falls, or goes when the pod is idle, no sooner than a minute after it
 * changed; a pod whose cost another writes is left to it. Used by one thread at a time.
 */
final class DeletionCosts {
  private static final Logger LOG = LoggerFactory.getLogger(DeletionCosts.class);

  /** For so long a mark does not fall: each change is a write to the API server. */
  static final Duration LEAST_INTERVAL = Duration.ofMinutes(1);

  private final KubernetesClient client;
  private final String namespace;
  private final Fence fence;
  private final Desk desk;
  private final Map<String, Long> changed = new HashMap<>();
  private final Set<String> foreign = new HashSet<>();

  DeletionCosts(KubernetesClient client, String namespace, Fence fence, Desk desk) {
    this.client = client;
    this.namespace = namespace;
    this.fence = fence;
    this.desk = desk;
  }

  /** Marks pods as they are now; these are all there are. */
  void mark(List<SeenPod> pods) {
    Set<String> present = pods.stream().map(pod -> pod.facts().uid()).collect(Collectors.toSet());
    changed.keySet().retainAll(present);
    foreign.retainAll(present);
    for (SeenPod pod : pods) {
      if (pod instanceof SeenPod.Answering(PodFacts facts, var signals)) {
        mark(facts, WorkClass.of(signals));
      }
    }
  }

  private void mark(PodFacts pod, WorkClass work) {
    if (!Objects.equals(pod.cost(), pod.mark())) {
      if (foreign.add(pod.uid())) {
        LOG.warn("pod {} has a deletion cost of another's, which stays", pod.name());
        desk.foreign();
      }
      return;
    }
    foreign.remove(pod.uid());
    String cost = work.cost();
    if (Objects.equals(pod.cost(), cost)) {
      return;
    }
    long now = fence.now();
    if (pod.mark() != null) {
      // Who led before may have written it just now.
      changed.putIfAbsent(pod.uid(), now);
    }
    Long last = changed.get(pod.uid());
    boolean falls = WorkClass.marked(pod.cost()).compareTo(work) > 0;
    if (falls && last != null && now - last < LEAST_INTERVAL.toNanos()) {
      return;
    }
    if (desk.write(() -> patch(pod, cost))) {
      changed.put(pod.uid(), now);
    }
  }

  private void patch(PodFacts pod, @Nullable String cost) {
    ObjectNode patch = JsonNodeFactory.instance.objectNode();
    ObjectNode metadata = patch.putObject("metadata");
    // Not over what another wrote since, and never on a pod that took the name of this one.
    metadata.put("uid", pod.uid()).put("resourceVersion", pod.version());
    metadata.putObject("annotations").put(PodFacts.COST, cost).put(PodFacts.MARK, cost);
    client
        .pods()
        .inNamespace(namespace)
        .withName(pod.name())
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch.toString());
  }
}
