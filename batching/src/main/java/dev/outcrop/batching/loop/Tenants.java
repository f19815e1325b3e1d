package dev.outcrop.batching.loop;

import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.schedule.Flow;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The tenants that were ever seen, by name, as the scheduler's numbers. Any thread. Names come from
 * the operator's key file, so there are few; beyond {@value #MOST} they share one place.
 */
final class Tenants {
  private static final int MOST = 10_000;
  private static final String OTHERS = "(others)";

  private final Map<String, Tenant> tenants = new ConcurrentHashMap<>();
  private final AtomicInteger next = new AtomicInteger();

  /** One tenant: its flows, and what it has in, counted under the intake's lock. */
  static final class Tenant {
    private final Map<Tier, Flow> flows = new EnumMap<>(Tier.class);
    int requests;
    long tokens;
    long promptTokens;

    private Tenant(int number, int weight) {
      for (Tier tier : Tier.values()) {
        flows.put(tier, new Flow(number, tier, weight));
      }
    }

    /** Whether it has nothing in by any count. */
    boolean balanced() {
      return requests == 0
          && tokens == 0
          && promptTokens == 0
          && flows.values().stream().allMatch(Flow::idle);
    }

    Flow flow(Tier tier) {
      return Objects.requireNonNull(flows.get(tier));
    }
  }

  /** Every tenant that was ever seen, by name. */
  Map<String, Tenant> named() {
    return Collections.unmodifiableMap(tenants);
  }

  Tenant of(Service service) {
    Tenant known = tenants.get(service.tenant());
    if (known != null) {
      return known;
    }
    String name = tenants.size() < MOST ? service.tenant() : OTHERS;
    return tenants.computeIfAbsent(name, _ -> new Tenant(next.getAndIncrement(), service.weight()));
  }
}
