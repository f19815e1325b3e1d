package dev.outcrop.k8s.watch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The ConfigMap that tells each workload how many of its replicas are live, by which the pods
 * divide their quotas. Written only when a number changes. Used by one thread at a time.
 */
final class ReplicasMap {
  /** Somebody may have edited it. */
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  private final KubernetesClient client;
  private final String namespace;
  private final String name;
  private final Desk desk;
  private final Fence fence;
  private @Nullable Map<String, String> known;
  private long knownAt;

  ReplicasMap(KubernetesClient client, String namespace, String name, Fence fence, Desk desk) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
    this.fence = fence;
    this.desk = desk;
  }

  /** Forgets what it says: another may write it. */
  void forget() {
    known = null;
  }

  /** Says so many; workloads that are not named stay as they are. */
  void tell(Map<String, Integer> live) {
    Map<String, String> wanted = new TreeMap<>();
    live.forEach((workload, replicas) -> wanted.put(workload, Integer.toString(replicas)));
    Map<String, String> last = known;
    if (last != null
        && last.entrySet().containsAll(wanted.entrySet())
        && fence.now() - knownAt < LOOK_AGAIN.toNanos()) {
      return;
    }
    AtomicReference<@Nullable ConfigMap> found = new AtomicReference<>();
    if (!desk.look(() -> found.set(resource().get()))) {
      return;
    }
    ConfigMap now = found.get();
    Map<String, String> data = new TreeMap<>();
    if (now != null && now.getData() != null) {
      data.putAll(now.getData());
    }
    boolean told = data.entrySet().containsAll(wanted.entrySet());
    data.putAll(wanted);
    if (told || desk.write(() -> write(now, wanted))) {
      known = data;
      knownAt = fence.now();
    }
  }

  private void write(@Nullable ConfigMap now, Map<String, String> wanted) {
    if (now == null) {
      client
          .configMaps()
          .inNamespace(namespace)
          .resource(
              new ConfigMapBuilder()
                  .withNewMetadata()
                  .withName(name)
                  .endMetadata()
                  .withData(wanted)
                  .build())
          .create();
      return;
    }
    ObjectNode patch = JsonNodeFactory.instance.objectNode();
    patch.putObject("metadata").put("resourceVersion", now.getMetadata().getResourceVersion());
    ObjectNode data = patch.putObject("data");
    wanted.forEach(data::put);
    resource().patch(PatchContext.of(PatchType.JSON_MERGE), patch.toString());
  }

  private Resource<ConfigMap> resource() {
    return client.configMaps().inNamespace(namespace).withName(name);
  }
}
