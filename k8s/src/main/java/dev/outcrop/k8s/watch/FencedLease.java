package dev.outcrop.k8s.watch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Lease as the elector sees it. It tells the fence what became of it, and dates another's
 * renewal by when this process saw it: a holder whose clock differs does not lose it early.
 */
final class FencedLease extends LeaseLock {
  private static final Logger LOG = LoggerFactory.getLogger(FencedLease.class);

  private final Fence fence;
  private final InstantSource clock;
  private final String namespace;
  private final String name;
  private @Nullable LeaderElectionRecord seen;
  private @Nullable String version;
  private long seenAt;
  private boolean failing;

  FencedLease(String namespace, String name, String identity, Fence fence, InstantSource clock) {
    super(namespace, name, identity);
    this.namespace = namespace;
    this.name = name;
    this.fence = fence;
    this.clock = clock;
  }

  @Override
  public synchronized @Nullable LeaderElectionRecord get(KubernetesClient client) {
    LeaderElectionRecord found;
    try {
      found = super.get(client);
    } catch (RuntimeException e) {
      throw failed(e);
    }
    if (found == null || !identity().equals(found.getHolderIdentity())) {
      fence.lost();
    }
    if (found == null) {
      return null;
    }
    long now = fence.now();
    if (!Objects.equals(found, seen)) {
      seen = found;
      seenAt = now;
    }
    // The elector compares it with the clock, which may have been set since it was seen.
    ZonedDateTime renewed = clock.instant().atZone(ZoneOffset.UTC).minusNanos(now - seenAt);
    return found.toBuilder().renewTime(renewed).build();
  }

  @Override
  public synchronized void create(KubernetesClient client, LeaderElectionRecord next) {
    write(next, () -> super.create(client, next));
  }

  @Override
  public synchronized void update(KubernetesClient client, LeaderElectionRecord next) {
    write(
        next,
        () -> {
          if (next.getHolderIdentity() == null) {
            release(client);
          } else {
            super.update(client, next);
          }
        });
  }

  /**
   * Takes the holder's name out, for which a merge patch needs an explicit null; fabric8 7.8 leaves
   * the field away, so that others would wait for the whole duration.
   */
  private void release(KubernetesClient client) {
    ObjectNode patch = JsonNodeFactory.instance.objectNode();
    patch.putObject("metadata").put("resourceVersion", version);
    patch.putObject("spec").putNull("holderIdentity").put("leaseDurationSeconds", 1);
    client
        .leases()
        .inNamespace(namespace)
        .withName(name)
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch.toString());
  }

  @Override
  protected LeaderElectionRecord toRecord(Lease lease) {
    version = lease.getMetadata().getResourceVersion();
    return super.toRecord(lease);
  }

  private void write(LeaderElectionRecord next, Runnable request) {
    boolean ours = identity().equals(next.getHolderIdentity());
    if (!ours) {
      fence.lost();
    }
    long begun = fence.now();
    try {
      request.run();
    } catch (RuntimeException e) {
      throw failed(e);
    }
    failing = false;
    if (ours) {
      fence.renewed(begun);
    }
  }

  /** The elector goes on only after failures of this kind. */
  private KubernetesClientException failed(RuntimeException failure) {
    if (!failing) {
      failing = true;
      LOG.warn("{} cannot be read or written, trying again: {}", describe(), failure.toString());
    }
    return failure instanceof KubernetesClientException ours
        ? ours
        : new KubernetesClientException(String.valueOf(failure.getMessage()), failure);
  }
}
