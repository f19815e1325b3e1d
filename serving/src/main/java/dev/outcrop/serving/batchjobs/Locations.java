package dev.outcrop.serving.batchjobs;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.json.Fields;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where jobs may read and write. What a location does not name is refused. */
final class Locations {
  private static final String FILE = "file:///";
  private static final String TENANT = "{tenant}";
  private static final Pattern S3 =
      Pattern.compile("s3://([a-z0-9][-.a-z0-9]{1,61}[a-z0-9])((?:/[-!_*'().a-z0-9A-Z]+)*)/?");

  private final List<String> allowed;

  /**
   * Creates the locations.
   *
   * @param state the server's own folder, which none of them may hold or lie in
   */
  Locations(List<String> allowed, Path state) {
    this.allowed = List.copyOf(allowed);
    Path own = state.toAbsolutePath().normalize();
    for (String location : allowed) {
      if (location.startsWith(FILE)) {
        Path folder = Path.of(fixed(location)).normalize();
        if (folder.startsWith(own) || own.startsWith(folder)) {
          throw new OutcropException(
              ServingError.CONFIG_INVALID,
              "batch-jobs.locations must not hold batch-jobs.folder, or lie in it: " + location);
        }
      }
    }
  }

  /** The part of a location that is the same for all tenants. */
  private static String fixed(String location) {
    String path = location.substring(FILE.length() - 1);
    int tenant = path.indexOf(TENANT);
    return tenant < 0 ? path : path.substring(0, path.lastIndexOf('/', tenant) + 1);
  }

  /** The place that a client names, if it may use that. */
  Place place(String uri, String tenant) {
    if (uri.startsWith("file:")) {
      return inFolder(uri, tenant);
    }
    Matcher s3 = S3.matcher(uri);
    if (!s3.matches()) {
      throw Fields.invalid(
          "s3Uri must be s3://BUCKET/KEY, or file:///PATH where this server allows that");
    }
    return inBucket(uri, s3.group(1), names(uri, s3.group(2)), tenant);
  }

  private Place inFolder(String uri, String tenant) {
    URI parsed;
    try {
      parsed = new URI(uri);
    } catch (URISyntaxException e) {
      throw Fields.invalid("s3Uri is no valid file URI");
    }
    if (!uri.startsWith(FILE) || parsed.getQuery() != null || parsed.getFragment() != null) {
      throw Fields.invalid("s3Uri must be file:///PATH and nothing more");
    }
    List<String> path = names(uri, parsed.getPath());
    for (String location : allowed) {
      if (location.startsWith(FILE)) {
        List<String> root =
            names(location, location.substring(FILE.length() - 1).replace(TENANT, tenant));
        List<String> rest = below(root, path);
        if (rest != null) {
          return new Place.InFolder(uri, Path.of("/" + String.join("/", root)), rest);
        }
      }
    }
    throw refused(uri);
  }

  private Place inBucket(String uri, String bucket, List<String> key, String tenant) {
    for (String location : allowed) {
      if (location.startsWith("s3://")) {
        List<String> names =
            names(location, location.substring("s3:/".length()).replace(TENANT, tenant));
        if (names.getFirst().equals(bucket) && below(names.subList(1, names.size()), key) != null) {
          return new Place.InBucket(uri, bucket, String.join("/", key));
        }
      }
    }
    throw refused(uri);
  }

  private static @Nullable List<String> below(List<String> root, List<String> path) {
    return path.size() >= root.size() && path.subList(0, root.size()).equals(root)
        ? path.subList(root.size(), path.size())
        : null;
  }

  private static List<String> names(String uri, String path) {
    List<String> names = new ArrayList<>();
    for (String name : path.split("/", -1)) {
      if (name.equals(".") || name.equals("..") || name.indexOf('\0') >= 0) {
        throw Fields.invalid("%s has a part that is not allowed".formatted(uri));
      }
      if (!name.isEmpty()) {
        names.add(name);
      }
    }
    return names;
  }

  private static OutcropException refused(String uri) {
    return Fields.invalid(
        "%s is not in the locations that this server allows (batch-jobs.locations)".formatted(uri));
  }
}
