package dev.outcrop.serving.config;

import dev.outcrop.batching.Tier;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The policy file: who may call what, and how much. What it does not allow is denied.
 *
 * @param regions regions that signatures may be made for; empty for any
 * @param tenants who shares and who pays
 * @param principals who calls, each for one tenant
 */
public record PolicyConfig(
    List<String> regions, List<TenantConfig> tenants, List<PrincipalConfig> principals) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");
  private static final Pattern ACCESS_KEY = Pattern.compile("[A-Za-z0-9_]{4,128}");
  private static final int MIN_SECRET = 16;
  private static final int MAX_SECRET = 1_024;
  private static final int MAX_WEIGHT = 1_000;

  /** What a file that names nothing says; such a file is refused by {@link PolicyFile}. */
  public static final PolicyConfig DEFAULT = new PolicyConfig(List.of(), List.of(), List.of());

  /**
   * A tenant: usage, fairness and the prefix cache are by tenant.
   *
   * @param id its name
   * @param weight its share, at least 1
   * @param quota what all its principals together may take
   */
  public record TenantConfig(String id, int weight, QuotaConfig quota) {
    /** Everything but the id. */
    public static final TenantConfig DEFAULT = new TenantConfig("x", 1, QuotaConfig.DEFAULT);

    /** Checks the values. */
    public TenantConfig {
      Check.that(NAME.matcher(id).matches(), "id must match " + NAME);
      Check.range("weight", weight, 1, MAX_WEIGHT);
    }
  }

  /**
   * Somebody who calls.
   *
   * @param id its name, for logs
   * @param tenant the tenant that it is part of
   * @param models ids that it may call, with {@code *} for any text; none where left out
   * @param tier the highest service tier that it may take
   * @param quota what it may take of its tenant's quota
   * @param apiKeys its long-term keys
   * @param accessKeys its keys for signatures and short-term keys
   */
  public record PrincipalConfig(
      String id,
      String tenant,
      List<String> models,
      Tier tier,
      QuotaConfig quota,
      List<ApiKeyConfig> apiKeys,
      List<AccessKeyConfig> accessKeys) {
    /** Everything but id and tenant. */
    public static final PrincipalConfig DEFAULT =
        new PrincipalConfig(
            "x", "x", List.of(), Tier.DEFAULT, QuotaConfig.DEFAULT, List.of(), List.of());

    /** Checks the values and copies the lists. */
    public PrincipalConfig {
      models = List.copyOf(models);
      apiKeys = List.copyOf(apiKeys);
      accessKeys = List.copyOf(accessKeys);
      Check.that(NAME.matcher(id).matches(), "id must match " + NAME);
      Check.that(models.stream().noneMatch(String::isBlank), "models must not hold an empty text");
    }
  }

  /**
   * A long-term key.
   *
   * @param sha256 the SHA-256 of the key in hex
   * @param expires when it ends; null for never
   */
  public record ApiKeyConfig(String sha256, @Nullable Instant expires) {
    /** Everything but the hash. */
    public static final ApiKeyConfig DEFAULT = new ApiKeyConfig("0".repeat(64), null);

    /** Checks the hash. */
    public ApiKeyConfig {
      Check.that(
          SHA256.matcher(sha256).matches(),
          "sha256 must be the SHA-256 of a key in hex, 64 digits");
    }

    /** Without the hash. */
    @Override
    public String toString() {
      return "ApiKeyConfig[expires=%s]".formatted(expires);
    }
  }

  /**
   * An access key. Signatures are computed with its secret, so the file has it in the clear.
   *
   * @param id its public part
   * @param secret its secret part
   * @param sessionTokenSha256 the SHA-256, in hex, of the session token that has to come with it;
   *     null for a key that comes without
   * @param expires when it ends; null for never
   */
  public record AccessKeyConfig(
      String id, Secret secret, @Nullable String sessionTokenSha256, @Nullable Instant expires) {
    /** Everything but id and secret. */
    public static final AccessKeyConfig DEFAULT =
        new AccessKeyConfig("none", new Secret("x".repeat(MIN_SECRET)), null, null);

    /** Checks the values. */
    public AccessKeyConfig {
      Check.that(ACCESS_KEY.matcher(id).matches(), "id must match " + ACCESS_KEY);
      int length = secret.reveal().length();
      Check.that(
          length >= MIN_SECRET && length <= MAX_SECRET,
          "secret must have between %d and %d characters".formatted(MIN_SECRET, MAX_SECRET));
      Check.that(
          sessionTokenSha256 == null || SHA256.matcher(sessionTokenSha256).matches(),
          "session-token-sha256 must be the SHA-256 of a session token in hex, 64 digits");
    }
  }

  /** Copies the lists and checks how they fit together. */
  public PolicyConfig {
    regions = List.copyOf(regions);
    tenants = List.copyOf(tenants);
    principals = List.copyOf(principals);
    Set<String> known = new HashSet<>();
    for (TenantConfig tenant : tenants) {
      Check.that(known.add(tenant.id), "tenants must not have %s twice".formatted(tenant.id));
    }
    Set<String> names = new HashSet<>();
    Set<String> hashes = new HashSet<>();
    Set<String> accessKeys = new HashSet<>();
    for (PrincipalConfig principal : principals) {
      String id = principal.id;
      Check.that(names.add(id), "principals must not have %s twice".formatted(id));
      Check.that(
          known.contains(principal.tenant),
          "principals has %s of a tenant that is not in tenants".formatted(id));
      for (ApiKeyConfig key : principal.apiKeys) {
        Check.that(
            hashes.add(key.sha256.toLowerCase(java.util.Locale.ROOT)),
            "principals must not share an API key, but %s has one of another entry".formatted(id));
      }
      for (AccessKeyConfig key : principal.accessKeys) {
        Check.that(
            accessKeys.add(key.id),
            "principals must not share the access key %s".formatted(key.id));
      }
    }
  }
}
