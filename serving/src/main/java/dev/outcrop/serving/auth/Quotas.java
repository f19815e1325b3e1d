package dev.outcrop.serving.auth;

import dev.outcrop.serving.config.PolicyConfig;
import dev.outcrop.serving.config.QuotaConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What everybody has taken of their quotas. It outlives the policy that sets them, so that a new
 * policy forgives nothing. Used by the one thread that reads policies.
 */
public final class Quotas {
  private final LongSupplier nanoTime;
  private final Map<String, Meter> tenants = new HashMap<>();
  private final Map<String, Meter> principals = new HashMap<>();
  private int replicas = 1;
  private @Nullable PolicyConfig policy;

  /**
   * Creates quotas that nobody has taken of.
   *
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  public Quotas(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** So many replicas share the quotas from now on. */
  void sharedBy(int count) {
    replicas = count;
    if (policy != null) {
      apply(policy);
    }
  }

  void apply(PolicyConfig next) {
    policy = next;
    Map<String, QuotaConfig> ofTenants = new HashMap<>();
    next.tenants().forEach(tenant -> ofTenants.put(tenant.id(), tenant.quota()));
    apply(tenants, ofTenants);
    Map<String, QuotaConfig> ofPrincipals = new HashMap<>();
    next.principals().forEach(each -> ofPrincipals.put(each.id(), each.quota()));
    apply(principals, ofPrincipals);
  }

  private void apply(Map<String, Meter> meters, Map<String, QuotaConfig> quotas) {
    meters.keySet().retainAll(quotas.keySet());
    quotas.forEach(
        (id, quota) -> {
          Meter known = meters.get(id);
          if (known == null) {
            meters.put(id, new Meter(quota, replicas, nanoTime));
          } else {
            known.change(quota, replicas);
          }
        });
  }

  /** What a principal may take: of its own quota, then of its tenant's. */
  Allowance allowance(String tenant, String principal) {
    Meter own = principals.get(principal);
    Meter shared = tenants.get(tenant);
    if (own == null || shared == null) {
      throw new IllegalArgumentException("no quota is known for " + principal);
    }
    return new Allowance(List.of(own, shared));
  }
}
