package dev.outcrop.serving.config;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * The S3 endpoint of batch inference. Credentials come from where AWS SDKs look for them.
 *
 * @param endpoint its URL, then buckets are named in the path; null for AWS
 * @param region its region
 */
public record S3Config(@Nullable String endpoint, String region) {
  /** AWS. */
  public static final S3Config DEFAULT = new S3Config(null, "us-east-1");

  /** Checks the values. */
  public S3Config {
    Check.that(endpoint == null || http(endpoint), "endpoint must be an http or https URL");
    Check.that(region.matches("[a-z0-9-]{1,40}"), "region must match [a-z0-9-]{1,40}");
  }

  private static boolean http(String text) {
    try {
      URI uri = URI.create(text);
      return uri.getHost() != null
          && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
