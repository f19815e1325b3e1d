package dev.outcrop.serving.auth;

import dev.outcrop.batching.Tier;
import org.jspecify.annotations.Nullable;

/** Whose request it is. */
public sealed interface Caller {
  /** Its name, for logs. */
  default String principal() {
    return tenant();
  }

  /** The name that usage and fairness are counted under. */
  String tenant();

  /** The tenant's share, at least 1. */
  int weight();

  /** The highest tier that the tenant may take. */
  Tier mostTier();

  /** Whether it may call a model, by the id that the operator chose. */
  default boolean mayCall(String model) {
    return true;
  }

  /** What it may still take. */
  default Allowance allowance() {
    return Allowance.UNLIMITED;
  }

  /**
   * The tier that a request is served in: the one it asks for where the tenant may take that. Else
   * it gets the default tier, as Bedrock serves a reserved request that has no reservation left;
   * nobody is refused for it. A tenant that may only take flex gets that.
   *
   * @param asked the tier that the request names, or null
   */
  default Tier tierFor(@Nullable Tier asked) {
    Tier wish = asked == null ? Tier.DEFAULT : asked;
    Tier most = mostTier();
    if (wish.rank() >= most.rank()) {
      return wish;
    }
    return most.rank() > Tier.DEFAULT.rank() ? most : Tier.DEFAULT;
  }

  /**
   * Anybody who reaches a server without a key file; such a server binds loopback only. All of them
   * are one tenant, so tiers order its own requests; it has reserved nothing.
   */
  record Anonymous() implements Caller {
    @Override
    public String tenant() {
      return "local";
    }

    @Override
    public int weight() {
      return 1;
    }

    @Override
    public Tier mostTier() {
      return Tier.PRIORITY;
    }
  }

  /**
   * Somebody of the policy file.
   *
   * @param principal its name
   */
  record Principal(
      String principal,
      String tenant,
      int weight,
      Tier mostTier,
      ModelAccess models,
      Allowance allowance)
      implements Caller {
    @Override
    public boolean mayCall(String model) {
      return models.allows(model);
    }
  }

  /** The holder of a key of the key file, who may call every model. */
  record Tenant(String tenant, int weight, Tier mostTier) implements Caller {
    /** A tenant that may take no more than the default tier. */
    public Tenant(String tenant, int weight) {
      this(tenant, weight, Tier.DEFAULT);
    }
  }
}
