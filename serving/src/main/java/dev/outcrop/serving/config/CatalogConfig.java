package dev.outcrop.serving.config;

import java.util.regex.Pattern;

/**
 * What the ARNs of models say where clients list them, and those of batch jobs. Requests may name
 * any region and account.
 *
 * @param region the region
 * @param account the account, twelve digits
 */
public record CatalogConfig(String region, String account) {
  private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,20}");
  private static final Pattern ACCOUNT = Pattern.compile("[0-9]{12}");

  /** An account that is nobody's. */
  public static final CatalogConfig DEFAULT = new CatalogConfig("us-east-1", "000000000000");

  /** Checks the values. */
  public CatalogConfig {
    Check.that(REGION.matcher(region).matches(), "region must be a region such as us-east-1");
    Check.that(ACCOUNT.matcher(account).matches(), "account must have twelve digits");
  }
}
