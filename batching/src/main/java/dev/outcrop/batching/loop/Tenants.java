package dev.outcrop.batching.loop;

import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.schedule.Flow;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
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
  private final Map<String, Long> scopes = new ConcurrentHashMap<>();
  private final AtomicInteger next = new AtomicInteger();

  /** One tenant: its flows, and what it has in, counted under the intake's lock. */
  static final class Tenant {
    private final Flow[] flows = new Flow[Tier.values().length];
    int requests;
    long tokens;
    long promptTokens;

    private Tenant(int number, int weight) {
      for (Tier tier : Tier.values()) {
        flows[tier.ordinal()] = new Flow(number, tier, weight);
      }
    }

    Flow flow(Tier tier) {
      return flows[tier.ordinal()];
    }
  }

  Tenant of(Service service) {
    Tenant known = tenants.get(service.tenant());
    if (known != null) {
      return known;
    }
    String name = tenants.size() < MOST ? service.tenant() : OTHERS;
    return tenants.computeIfAbsent(name, _ -> new Tenant(next.getAndIncrement(), service.weight()));
  }

  /** The first link of the prefix hashes of a scope. */
  long scope(String name) {
    Long known = scopes.get(name);
    return known != null
        ? known
        : scopes.size() < MOST ? scopes.computeIfAbsent(name, Tenants::digest) : digest(name);
  }

  private static long digest(String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      long value = 0;
      for (int i = 0; i < Long.BYTES; i++) {
        value = value << 8 | digest[i] & 0xff;
      }
      return value;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
