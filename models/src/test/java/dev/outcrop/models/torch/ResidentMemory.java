package dev.outcrop.models.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What of this process is in memory, as Linux counts it. */
final class ResidentMemory {
  private static final long KIB = 1_024;

  private ResidentMemory() {}

  /** Bytes that no file stands behind. */
  static long anonymous() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      String line = lines.filter(each -> each.startsWith("RssAnon:")).findFirst().orElseThrow();
      return KIB * Long.parseLong(line.replaceAll("\\D", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
