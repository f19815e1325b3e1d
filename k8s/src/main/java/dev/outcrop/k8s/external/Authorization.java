package dev.outcrop.k8s.external;

import dev.outcrop.k8s.external.DelegatedAuth.Access;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether somebody may read, and remembers for a short while what the cluster said, as an
 * autoscaler asks for each of its objects every 15 seconds. Safe on any thread.
 */
final class Authorization {
  /** As long as the aggregated API servers of Kubernetes do. */
  static final Duration REMEMBERED = Duration.ofSeconds(10);

  private static final int MOST_REMEMBERED = 1_000;

  /** Members of this group may do everything in every cluster. */
  private static final String MASTERS = "system:masters";

  private final DelegatedAuth auth;
  private final LongSupplier nanos;
  private final Map<Access, Said> said =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Access, Said> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  private record Said(boolean allowed, long at) {}

  /**
   * A judge.
   *
   * @param nanos a clock like System.nanoTime
   */
  Authorization(DelegatedAuth auth, LongSupplier nanos) {
    this.auth = auth;
    this.nanos = nanos;
  }

  boolean allows(Access access) throws IOException {
    if (access.groups().contains(MASTERS)) {
      return true;
    }
    Said before = remembered(access);
    if (before != null) {
      return before.allowed;
    }
    boolean allowed = auth.allows(access);
    synchronized (said) {
      said.remove(access);
      said.put(access, new Said(allowed, nanos.getAsLong()));
    }
    return allowed;
  }

  private @Nullable Said remembered(Access access) {
    synchronized (said) {
      Said before = said.get(access);
      return before == null || nanos.getAsLong() - before.at > REMEMBERED.toNanos() ? null : before;
    }
  }
}
