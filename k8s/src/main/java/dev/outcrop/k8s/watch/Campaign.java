package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.config.LeaseConfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Campaigns for the Lease, and again whenever it is lost; loss ends nothing but the writes. Its own
 * threads do the work.
 */
final class Campaign implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Campaign.class);

  private final KubernetesClient client;
  private final LeaseConfig lease;
  private final String namespace;
  private final String identity;
  private final Fence fence;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private @Nullable CompletableFuture<?> term;
  private boolean closed;

  private Campaign(
      KubernetesClient client, LeaseConfig lease, String namespace, String identity, Fence fence) {
    this.client = client;
    this.lease = lease;
    this.namespace = namespace;
    this.identity = identity;
    this.fence = fence;
  }

  static Campaign start(
      KubernetesClient client, LeaseConfig lease, String namespace, String identity, Fence fence) {
    Campaign campaign = new Campaign(client, lease, namespace, identity, fence);
    campaign.run();
    return campaign;
  }

  private synchronized void run() {
    if (closed) {
      return;
    }
    LeaderCallbacks callbacks =
        new LeaderCallbacks(
            () -> LOG.info("{} leads", identity),
            () -> LOG.info("{} does not lead any more", identity),
            leader -> LOG.debug("the leader is {}", leader));
    CompletableFuture<?> next =
        new LeaderElector(
                client,
                new LeaderElectionConfig(
                    new FencedLease(
                        namespace, lease.name(), identity, fence, InstantSource.system()),
                    lease.duration(),
                    lease.renewDeadline(),
                    lease.retry(),
                    callbacks,
                    true,
                    lease.name()),
                threads)
            .start();
    term = next;
    next.whenCompleteAsync(
        (_, _) -> run(),
        CompletableFuture.delayedExecutor(lease.retry().toMillis(), TimeUnit.MILLISECONDS));
  }

  /** Gives the Lease back if this process has it. */
  @Override
  public void close() {
    fence.shut();
    CompletableFuture<?> last;
    synchronized (this) {
      closed = true;
      last = term;
    }
    if (last != null) {
      last.cancel(true);
    }
    threads.close();
  }
}
