package dev.outcrop.k8s.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeskTest {
  private final AtomicLong nanos = new AtomicLong();
  private final Fence fence = new Fence(nanos::get, Duration.ofHours(1));
  private final List<WriteOutcome> outcomes = new ArrayList<>();
  private final Desk desk = new Desk("something", fence, outcomes::add);
  private int requests;

  @BeforeEach
  void lead() {
    fence.renewed(fence.now());
  }

  private void refused(int status) {
    desk.write(
        () -> {
          requests++;
          throw new KubernetesClientException(
              "refused", status, new StatusBuilder().withCode(status).build());
        });
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void whatIsForbiddenIsCountedAndLeftForTenMinutes() {
    refused(403);
    refused(403);
    pass(Duration.ofMinutes(10).minusNanos(1));
    refused(403);
    assertThat(requests).isEqualTo(1);
    assertThat(outcomes).containsExactly(WriteOutcome.FORBIDDEN);
    pass(Duration.ofNanos(1));
    assertThat(desk.write(() -> requests++)).isTrue();
    assertThat(outcomes).containsExactly(WriteOutcome.FORBIDDEN, WriteOutcome.DONE);
  }

  @Test
  void aConflictIsTriedAgainAtOnceAndAFailureAfterAPause() {
    refused(409);
    refused(404);
    refused(500);
    refused(500);
    assertThat(outcomes)
        .containsExactly(WriteOutcome.CONFLICT, WriteOutcome.CONFLICT, WriteOutcome.FAILED);
    pass(Duration.ofSeconds(10));
    refused(500);
    assertThat(requests).isEqualTo(4);
  }

  @Test
  void nothingIsAskedForBehindAClosedFence() {
    fence.lost();
    assertThat(desk.write(() -> requests++)).isFalse();
    assertThat(desk.look(() -> requests++)).isFalse();
    assertThat(requests).isZero();
  }
}
