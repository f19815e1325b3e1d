package dev.outcrop.serving.batchjobs;

import java.nio.file.Path;
import java.util.List;

/** A location that the operator allows, whole or in part. */
sealed interface Place {
  /** The location as the client wrote it, for messages. */
  String uri();

  /**
   * In a folder of this machine.
   *
   * @param root the allowed folder
   * @param path what is below it, name by name, with no {@code ..}
   */
  record InFolder(String uri, Path root, List<String> path) implements Place {
    public InFolder {
      path = List.copyOf(path);
    }
  }

  /**
   * In a bucket.
   *
   * @param key an object's or a prefix, with no slash at its ends
   */
  record InBucket(String uri, String bucket, String key) implements Place {}
}
