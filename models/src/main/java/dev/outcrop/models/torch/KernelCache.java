package dev.outcrop.models.torch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.torch.KernelTable.Kernel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Choices of kernels in a file, so that a model that loads again need not measure. A file that is
 * unsound or of another version is as good as none, and one that cannot be written is left out.
 */
final class KernelCache {
  private static final Logger log = LoggerFactory.getLogger(KernelCache.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FILE = "kernels-3.json"; // the number goes up where kernels change
  private static final long MOST_BYTES = 1 << 20;

  private final @Nullable Path file;
  private final String machine;
  private final ObjectNode all;

  private KernelCache(@Nullable Path file, String machine, ObjectNode all) {
    this.file = file;
    this.machine = machine;
    this.all = all;
  }

  /**
   * Reads a folder's file.
   *
   * @param folder null for no file: nothing is known, and nothing is kept
   * @param machine what else the choices depend on
   */
  static KernelCache open(@Nullable Path folder, String machine) {
    Path file = folder == null ? null : folder.resolve(FILE);
    return new KernelCache(file, machine, read(file));
  }

  private static ObjectNode read(@Nullable Path file) {
    try {
      if (file != null && Files.isRegularFile(file) && Files.size(file) <= MOST_BYTES) {
        JsonNode content = JSON.readTree(file.toFile());
        if (content instanceof ObjectNode object) {
          return object;
        }
      }
    } catch (IOException e) {
      log.info("{} is unsound and will be written anew", file);
    }
    return JSON.createObjectNode();
  }

  /** The kernels of a shape, where they are known and among those that it can use. */
  @Nullable List<Kernel> find(String shape, List<Kernel> candidates) {
    List<Kernel> kernels = new ArrayList<>();
    for (JsonNode word : all.path(machine).path(shape)) {
      for (Kernel candidate : candidates) {
        if (word(candidate).equals(word.asText())) {
          kernels.add(candidate);
        }
      }
    }
    return kernels.size() == KernelTable.BUCKETS.size() ? kernels : null;
  }

  void put(String shape, List<Kernel> kernels) {
    ObjectNode mine =
        all.get(machine) instanceof ObjectNode object ? object : all.putObject(machine);
    ArrayNode words = mine.putArray(shape);
    kernels.forEach(kernel -> words.add(word(kernel)));
  }

  /** Puts the file in place at once; of two processes that do it the last one wins. */
  void write() {
    if (file == null) {
      return;
    }
    try {
      Path folder = Files.createDirectories(file.toAbsolutePath().getParent());
      Path written = Files.createTempFile(folder, FILE, ".new");
      try {
        Files.writeString(written, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all));
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(written);
      }
    } catch (IOException e) {
      log.info("kernels are measured again at the next load: {} cannot be written", file);
    }
  }

  private static String word(Kernel kernel) {
    return kernel.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The processor: its name, its numbers and a digest of what it can do. */
  static String cpu() {
    StringBuilder cpu = new StringBuilder(System.getProperty("os.arch", "?"));
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"), StandardCharsets.UTF_8)) {
        if (line.isBlank()) {
          break; // the others are alike
        }
        String value = line.substring(line.indexOf(':') + 1).strip();
        switch (line.split("\\s*:", 2)[0].strip()) {
          case "model name", "cpu family", "model", "stepping", "CPU part" ->
              cpu.append(' ').append(value);
          case "flags", "Features" -> cpu.append(" %08x".formatted(value.hashCode()));
          default -> {}
        }
      }
    } catch (IOException e) {
      return cpu.toString(); // no Linux
    }
    return cpu.toString();
  }
}
