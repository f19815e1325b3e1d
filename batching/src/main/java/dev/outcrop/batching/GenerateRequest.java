package dev.outcrop.batching;

import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.TokenConstraint;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request for tokens, in integers.
 *
 * @param prompt the prompt's token ids, at least one; not changed by anybody after submit
 * @param maxTokens the most tokens to generate, at least 1, or {@link #AS_MANY_AS_FIT}
 * @param orFewer whether fewer do where so many do not fit; if not, such a request is refused
 * @param sampling how to choose each token
 * @param stopTokens ids that end the generation; the id itself is not published
 * @param service whose request this is and how soon it is served
 */
public record GenerateRequest(
    int[] prompt,
    int maxTokens,
    boolean orFewer,
    Sampling sampling,
    int[] stopTokens,
    Service service) {
  /** The caller named no limit; it is clamped to what fits. */
  public static final int AS_MANY_AS_FIT = 0;

  /** Checks the fields. */
  public GenerateRequest {
    if (prompt.length == 0 || maxTokens < 0) {
      throw new IllegalArgumentException("a request needs a prompt and maxTokens >= 0");
    }
  }

  /** A request that is refused where so many tokens do not fit. */
  public GenerateRequest(
      int[] prompt, int maxTokens, Sampling sampling, int[] stopTokens, Service service) {
    this(prompt, maxTokens, false, sampling, stopTokens, service);
  }

  /** The same, with a constraint on its tokens. */
  public GenerateRequest constrained(TokenConstraint constraint) {
    return new GenerateRequest(
        prompt, maxTokens, orFewer, sampling.constrained(constraint), stopTokens, service);
  }

  /**
   * Whose a request is and how soon it is served.
   *
   * @param tenant the tenant
   * @param weight the tenant's share, at least 1
   * @param tier the tier
   * @param firstTokenWithin how long the client waits for the first token; null for as long as it
   *     takes
   * @param prefixScope who may reuse the KV of the same prefix: by default the tenant alone
   */
  public record Service(
      String tenant,
      int weight,
      Tier tier,
      @Nullable Duration firstTokenWithin,
      String prefixScope) {
    /** Checks the fields. */
    public Service {
      if (weight < 1 || (firstTokenWithin != null && firstTokenWithin.isNegative())) {
        throw new IllegalArgumentException("a weight is at least 1, a time not negative");
      }
    }

    /** What a tenant gets that asks for nothing special. */
    public static Service of(String tenant, int weight) {
      return new Service(tenant, weight, Tier.DEFAULT, null, tenant);
    }
  }

  /** Counts only: token ids are user content. */
  @Override
  public String toString() {
    return "GenerateRequest[prompt=%d tokens, maxTokens=%d, tenant=%s]"
        .formatted(prompt.length, maxTokens, service.tenant());
  }
}
