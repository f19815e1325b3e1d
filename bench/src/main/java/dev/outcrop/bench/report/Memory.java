package dev.outcrop.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What of this process is resident, as the kernel counts it.
 *
 * @param anonymous bytes that no file stands behind: heap, KV, reordered weights
 * @param mapped bytes of files, shared memory with them
 */
public record Memory(long anonymous, long mapped) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int KIB = 1_024;

  /** As it is now; Linux only. */
  public static Memory now() throws IOException {
    return of(Files.readAllLines(STATUS));
  }

  public static Memory of(List<String> status) {
    return new Memory(
        bytes(status, "RssAnon:"), bytes(status, "RssFile:") + bytes(status, "RssShmem:"));
  }

  /** All of it. */
  public long bytes() {
    return anonymous + mapped;
  }

  private static long bytes(List<String> status, String name) {
    return status.stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).replace("kB", "").strip())
        .mapToLong(kib -> KIB * Long.parseLong(kib))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("the kernel does not tell " + name));
  }
}
