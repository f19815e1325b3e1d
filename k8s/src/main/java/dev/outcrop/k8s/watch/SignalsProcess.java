package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.PodReader;
import dev.outcrop.k8s.ScalingSource;
import dev.outcrop.k8s.config.SignalsConfig;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process {@code outcrop-signals} without its fronts: watches and reads the model pods,
 * concludes, campaigns for the Lease and writes while it has it. Started and closed by one thread;
 * threads of its own do the work.
 */
public final class SignalsProcess implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SignalsProcess.class);

  /** A poll takes seconds at worst; one that takes this long never ends. */
  private static final Duration STUCK = Duration.ofMinutes(1);

  private static final Duration FIRST_POLLS = Duration.ofSeconds(1);

  private final SignalsConfig config;
  private final ModelPods pods;
  private final PodReader reader = new PodReader(PodPoll.TIMEOUT);
  private final PodPoll poll = new PodPoll(reader);
  private final Watch watch;
  private final Fence fence;
  private final Writer writer;
  private final Campaign campaign;
  private final SignalsMetrics metrics;
  private final ManagementPort management;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Thread loop = Thread.ofPlatform().name("poll").unstarted(this::run);
  private volatile long polledAt = System.nanoTime();

  private SignalsProcess(SignalsConfig config, KubernetesClient client) {
    this.config = config;
    pods = new ModelPods(client, config);
    watch =
        new Watch(
            config.models(),
            config.poll(),
            pods,
            new Replicas(client, config.namespace())::of,
            poll,
            InstantSource.system());
    fence = new Fence(System::nanoTime, config.lease().renewDeadline());
    metrics = new SignalsMetrics(watch, fence);
    writer = new Writer(fence, replicasMap(client), deletionCosts(client));
    management =
        ManagementPort.open(
            config.management(),
            new ManagementPort.Parts(this::isLive, watch::hasReadAll, metrics::page));
    campaign = Campaign.start(client, config.lease(), config.namespace(), config.identity(), fence);
  }

  /**
   * Starts.
   *
   * @param client speaks to the API server; its requests must end within the Lease's write timeout.
   *     The caller closes it afterwards
   * @throws IllegalStateException where the management port cannot be opened
   */
  public static SignalsProcess start(SignalsConfig config, KubernetesClient client) {
    SignalsProcess process = new SignalsProcess(config, client);
    process.writer.start();
    process.loop.start();
    return process;
  }

  private @Nullable ReplicasMap replicasMap(KubernetesClient client) {
    String name = config.replicasConfigMap();
    return name == null
        ? null
        : new ReplicasMap(
            client,
            config.namespace(),
            name,
            fence,
            new Desk("config map " + name, fence, metrics.writes("replicas")));
  }

  private @Nullable DeletionCosts deletionCosts(KubernetesClient client) {
    return config.deletionCost()
        ? new DeletionCosts(
            client,
            config.namespace(),
            fence,
            new Desk("the deletion cost of pods", fence, metrics.writes("deletion_cost")))
        : null;
  }

  private void run() {
    try {
      boolean stop = false;
      while (!stop) {
        long begun = System.nanoTime();
        poll(begun);
        Duration interval =
            watch.hasReadAll() || config.poll().compareTo(FIRST_POLLS) < 0
                ? config.poll()
                : FIRST_POLLS;
        long left = begun + interval.toNanos() - System.nanoTime();
        stop = stopped.await(Math.max(0, left), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void poll(long begun) throws InterruptedException {
    try {
      List<ModelView> views = watch.poll();
      metrics.polled((System.nanoTime() - begun) / 1e9, views);
      writer.offer(views);
    } catch (RuntimeException e) {
      LOG.error("a poll failed", e);
    }
    polledAt = System.nanoTime();
  }

  private boolean isLive() {
    Duration missed = config.poll().multipliedBy(10);
    Duration limit = missed.compareTo(STUCK) > 0 ? missed : STUCK;
    return System.nanoTime() - polledAt < limit.toNanos();
  }

  /** What is concluded. */
  public ScalingSource scalings() {
    return watch;
  }

  /** Whether this process may write now. */
  public boolean leads() {
    return fence.open();
  }

  /** The management port. */
  public int managementPort() {
    return management.port();
  }

  /** Ends the writes, gives the Lease back, and then ends the rest. */
  @Override
  public void close() {
    stopped.countDown();
    writer.close();
    campaign.close();
    loop.interrupt();
    try {
      loop.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    pods.close();
    poll.close();
    reader.close();
    management.close();
  }
}
