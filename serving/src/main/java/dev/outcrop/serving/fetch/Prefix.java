package dev.outcrop.serving.fetch;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a checkpoint lies in S3.
 *
 * @param bucket the bucket
 * @param key what its objects' keys begin with, which ends with a slash; empty for the whole bucket
 */
public record Prefix(String bucket, String key) {
  private static final Pattern URI =
      Pattern.compile("s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/.*)?");

  /** Reads {@code s3://BUCKET/PREFIX}; a slash at the end makes no difference. */
  public static Prefix parse(String uri) {
    Matcher parts = URI.matcher(uri);
    if (!parts.matches()) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, "'%s' is not of the form s3://BUCKET/PREFIX".formatted(uri));
    }
    String key = parts.group(2) == null ? "" : parts.group(2).substring(1);
    return new Prefix(parts.group(1), key.isEmpty() || key.endsWith("/") ? key : key + "/");
  }

  /** As users write it. */
  public String uri() {
    return "s3://" + bucket + "/" + key;
  }
}
