package dev.outcrop.serving.auth;

import dev.outcrop.serving.config.PolicyConfig;
import dev.outcrop.serving.config.PolicyConfig.AccessKeyConfig;
import dev.outcrop.serving.config.PolicyConfig.ApiKeyConfig;
import dev.outcrop.serving.config.PolicyConfig.PrincipalConfig;
import dev.outcrop.serving.config.PolicyConfig.TenantConfig;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Everybody who is known, by their credentials. Does not change. */
public final class Principals {
  private final List<ApiKey> keys;
  private final Map<String, AccessKey> accessKeys;
  private final Set<String> regions;

  Principals(List<ApiKey> keys, Map<String, AccessKey> accessKeys, Set<String> regions) {
    this.keys = List.copyOf(keys);
    this.accessKeys = Map.copyOf(accessKeys);
    this.regions = Set.copyOf(regions);
  }

  /** Those of a policy. What they have taken of their quotas is kept in {@code quotas}. */
  public static Principals of(PolicyConfig policy, Quotas quotas) {
    quotas.apply(policy);
    Map<String, TenantConfig> tenants = new HashMap<>();
    policy.tenants().forEach(tenant -> tenants.put(tenant.id(), tenant));
    List<ApiKey> keys = new ArrayList<>();
    Map<String, AccessKey> accessKeys = new HashMap<>();
    for (PrincipalConfig principal : policy.principals()) {
      TenantConfig tenant = tenants.getOrDefault(principal.tenant(), TenantConfig.DEFAULT);
      Caller caller =
          new Caller.Principal(
              principal.id(),
              tenant.id(),
              tenant.weight(),
              principal.tier(),
              new ModelAccess(principal.models()),
              quotas.allowance(tenant.id(), principal.id()));
      for (ApiKeyConfig key : principal.apiKeys()) {
        keys.add(new ApiKey(hash(key.sha256()), caller, key.expires()));
      }
      for (AccessKeyConfig key : principal.accessKeys()) {
        String token = key.sessionTokenSha256();
        accessKeys.put(
            key.id(),
            new AccessKey(key.secret(), token == null ? null : hash(token), key.expires(), caller));
      }
    }
    return new Principals(keys, accessKeys, Set.copyOf(policy.regions()));
  }

  /** The holders of long-term keys. */
  static Principals of(List<ApiKey> keys) {
    return new Principals(keys, Map.of(), Set.of());
  }

  /** The key of a hash, or null. Takes the same time for every hash. */
  @Nullable ApiKey apiKey(byte[] sha256) {
    ApiKey found = null;
    for (ApiKey key : keys) {
      if (MessageDigest.isEqual(key.sha256, sha256)) {
        found = key;
      }
    }
    return found;
  }

  /** The access key of an id, or null. */
  @Nullable AccessKey accessKey(String id) {
    return accessKeys.get(id);
  }

  /** Whether signatures may be for a region. */
  boolean serves(String region) {
    return regions.isEmpty() || regions.contains(region);
  }

  private static byte[] hash(String hex) {
    return HexFormat.of().parseHex(hex.toLowerCase(Locale.ROOT));
  }
}
