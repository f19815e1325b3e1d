package dev.outcrop.bench.report;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Where a benchmark ran.
 *
 * @param os operating system and its version
 * @param arch processor architecture
 * @param cpu the processor's name, {@code unknown} where the system does not tell
 * @param cores processors that the JVM sees
 * @param memoryGigabytes physical memory in 10^9 bytes
 * @param java version of the JVM
 * @param loadAverage the system's load over the last minute when the run began; -1 where unknown.
 *     On a busy machine every figure is wrong.
 */
public record Machine(
    String os,
    String arch,
    String cpu,
    int cores,
    double memoryGigabytes,
    String java,
    double loadAverage) {

  /** Reads the machine this runs on. */
  public static Machine here() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    double memory =
        system instanceof com.sun.management.OperatingSystemMXBean os
            ? Math.round(os.getTotalMemorySize() / 1e8) / 10.0
            : 0;
    return new Machine(
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("os.arch"),
        processorName(),
        Runtime.getRuntime().availableProcessors(),
        memory,
        Runtime.version().toString(),
        system.getSystemLoadAverage());
  }

  /** The commit of the tree below a folder, or {@code unknown} where git cannot tell. */
  public static String commitOf(Path folder) {
    String head = output(folder, "git", "rev-parse", "--short=12", "HEAD");
    if (head.isEmpty()) {
      return "unknown";
    }
    return output(folder, "git", "status", "--porcelain", "-uno").isEmpty()
        ? head
        : head + "-dirty";
  }

  private static String processorName() {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      String brand = output(Path.of("."), "sysctl", "-n", "machdep.cpu.brand_string");
      return brand.isEmpty() ? "unknown" : brand;
    }
    try (var lines = Files.lines(info)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static String output(Path folder, String... command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String text =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0 ? text : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
