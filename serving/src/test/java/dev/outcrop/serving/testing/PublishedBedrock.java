package dev.outcrop.serving.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What Amazon and others published about Bedrock: service models and recordings. It is no part of
 * this repository: it lies beside the checkout, in {@code ../shared/bedrock}, or where the system
 * property {@code outcrop.bedrock} says.
 */
public final class PublishedBedrock {
  private PublishedBedrock() {}

  /** A file; where there is none the test is skipped, and says why. */
  public static Path file(String name) {
    Path file = folder().resolve(name);
    String reason = "skipped: %s is not here; set -Doutcrop.bedrock to its folder".formatted(name);
    if (!Files.exists(file)) {
      System.out.println(reason);
    }
    assumeTrue(Files.exists(file), reason);
    return file;
  }

  private static Path folder() {
    String set = System.getProperty("outcrop.bedrock");
    if (set != null) {
      return Path.of(set);
    }
    for (String guess : List.of("../shared", "../../shared", "../../../shared")) {
      Path folder = Path.of(guess, "bedrock");
      if (Files.isDirectory(folder)) {
        return folder;
      }
    }
    return Path.of("bedrock");
  }
}
