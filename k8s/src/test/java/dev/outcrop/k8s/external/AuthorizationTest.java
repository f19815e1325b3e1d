package dev.outcrop.k8s.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.k8s.external.DelegatedAuth.Access;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who may read, and for how long it is remembered. */
final class AuthorizationTest {
  private final FakeCluster cluster = new FakeCluster("");
  private final AtomicLong nanos = new AtomicLong();
  private final Authorization authorization = new Authorization(cluster, nanos::get);

  private static Access access(String user, String... groups) {
    return new Access(
        user, List.of(groups), Map.of(), "list", Discovery.GROUP, "v1beta1", "m", "models");
  }

  @Test
  void asksAgainAfterAWhile() throws IOException {
    cluster.allowed = Set.of("alice");
    assertThat(authorization.allows(access("alice"))).isTrue();
    assertThat(authorization.allows(access("bob"))).isFalse();
    cluster.allowed = Set.of("bob");

    nanos.set(Authorization.REMEMBERED.toNanos());
    assertThat(authorization.allows(access("alice"))).isTrue();
    assertThat(authorization.allows(access("bob"))).isFalse();

    nanos.incrementAndGet();
    assertThat(authorization.allows(access("alice"))).isFalse();
    assertThat(authorization.allows(access("bob"))).isTrue();
    assertThat(cluster.asked).hasSize(4);
  }

  @Test
  void doesNotAskForMasters() throws IOException {
    assertThat(authorization.allows(access("root", "system:masters"))).isTrue();
    assertThat(cluster.asked).isEmpty();
  }

  @Test
  void remembersNoFailure() throws IOException {
    cluster.broken = true;
    assertThatThrownBy(() -> authorization.allows(access(FakeCluster.AUTOSCALER)))
        .isInstanceOf(IOException.class);

    cluster.broken = false;
    assertThat(authorization.allows(access(FakeCluster.AUTOSCALER))).isTrue();
  }

  @Test
  void remembersOnlySoMany() throws IOException {
    for (int i = 0; i < 1_001; i++) {
      authorization.allows(access("user" + i));
    }
    authorization.allows(access("user1"));
    assertThat(cluster.asked).hasSize(1_001);

    authorization.allows(access("user0"));
    assertThat(cluster.asked).hasSize(1_002);
  }
}
