package dev.outcrop.k8s.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FenceTest {
  private static final Instant START = Instant.parse("2026-11-21T10:00:00Z");

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final AtomicReference<Instant> clock = new AtomicReference<>(START);
  private final Fence fence = new Fence(nanos::get, Duration.ofSeconds(10));
  private final Cluster cluster = new Cluster();
  private final KubernetesClient client = cluster.client("a");
  private final FencedLease lease =
      new FencedLease(Cluster.NAMESPACE, "outcrop-signals", "a", fence, clock::get);

  @AfterEach
  void stop() {
    cluster.close();
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
    clock.updateAndGet(now -> now.plus(time));
  }

  private static LeaderElectionRecord record(String holder, Instant renewed) {
    ZonedDateTime at = renewed.atZone(ZoneOffset.UTC);
    return new LeaderElectionRecord(holder, Duration.ofSeconds(15), at, at, 0);
  }

  @Test
  void isClosedBeforeTheFirstRenewalAndFromTheRenewDeadlineOn() {
    assertThat(fence.open()).isFalse();
    fence.renewed(fence.now());
    pass(Duration.ofSeconds(10).minusNanos(1));
    assertThat(fence.open()).isTrue();
    pass(Duration.ofNanos(1));
    assertThat(fence.open()).isFalse();
  }

  @Test
  void countsFromWhenTheRenewalWasBegunNotFromItsAnswer() {
    long begun = fence.now();
    pass(Duration.ofSeconds(9));
    fence.renewed(begun);
    assertThat(fence.open()).isTrue();
    pass(Duration.ofSeconds(1));
    assertThat(fence.open()).isFalse();
  }

  @Test
  void staysShut() {
    fence.renewed(fence.now());
    fence.shut();
    fence.renewed(fence.now());
    assertThat(fence.open()).isFalse();
  }

  @Test
  void opensWhenTheLeaseIsTakenAndRenewed() {
    lease.create(client, record("a", clock.get()));
    assertThat(fence.open()).isTrue();
    pass(Duration.ofSeconds(11));
    assertThat(fence.open()).isFalse();
    lease.get(client);
    lease.update(client, record("a", clock.get()));
    assertThat(fence.open()).isTrue();
  }

  @Test
  void closesWhenAnotherHasTheLeaseAndBeforeItIsGivenBack() {
    lease.create(client, record("a", clock.get()));
    cluster
        .client("thief")
        .leases()
        .withName("outcrop-signals")
        .edit(
            found -> {
              found.getSpec().setHolderIdentity("thief");
              return found;
            });
    lease.get(client);
    assertThat(fence.open()).isFalse();

    lease.update(client, record("a", clock.get()));
    assertThat(fence.open()).isTrue();
    cluster.close();
    assertThatThrownBy(() -> lease.update(client, record(null, clock.get())))
        .isInstanceOf(KubernetesClientException.class);
    assertThat(fence.open()).isFalse();
  }

  @Test
  void givesTheLeaseBackForOthersToTakeAtOnce() {
    lease.create(client, record("a", clock.get()));
    lease.get(client);
    lease.update(client, record(null, clock.get()));

    assertThat(client.leases().withName("outcrop-signals").get().getSpec().getHolderIdentity())
        .isNull();
    assertThat(fence.open()).isFalse();
  }

  @Test
  void datesAnothersRenewalByWhenItSawIt() {
    FencedLease other =
        new FencedLease(
            Cluster.NAMESPACE,
            "outcrop-signals",
            "b",
            new Fence(nanos::get, Duration.ofSeconds(10)),
            clock::get);
    // The holder's clock is an hour behind.
    Instant behind = START.minus(Duration.ofHours(1));
    lease.create(client, record("a", behind));
    pass(Duration.ofSeconds(3));
    assertThat(other.get(client).getRenewTime().toInstant()).isEqualTo(clock.get());
    Instant seen = clock.get();
    pass(Duration.ofSeconds(3));
    assertThat(other.get(client).getRenewTime().toInstant()).isEqualTo(seen);
    lease.get(client);
    lease.update(client, record("a", behind.plusSeconds(6)));
    assertThat(other.get(client).getRenewTime().toInstant()).isEqualTo(clock.get());
  }

  @Test
  void keepsAnothersTimeWhenTheClockIsSet() {
    FencedLease other =
        new FencedLease(
            Cluster.NAMESPACE,
            "outcrop-signals",
            "b",
            new Fence(nanos::get, Duration.ofSeconds(10)),
            clock::get);
    lease.create(client, record("a", clock.get()));
    other.get(client);
    pass(Duration.ofSeconds(3));
    clock.updateAndGet(now -> now.plus(Duration.ofHours(1)));

    assertThat(other.get(client).getRenewTime().toInstant())
        .isEqualTo(clock.get().minus(Duration.ofSeconds(3)));
  }
}
