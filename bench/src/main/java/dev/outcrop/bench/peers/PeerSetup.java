package dev.outcrop.bench.peers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Runs the steps of {@code setup.sh}, which gets the peers.
 *
 * @param scripts the folder of the script and of the peers' programs
 * @param cache where everything is put
 * @param patience how long a step may take
 * @param progress told which step runs
 */
record PeerSetup(Path scripts, Path cache, Duration patience, Consumer<String> progress) {

  /**
   * Runs a step and returns the path that it prints.
   *
   * @throws MissingException with the last line of what it wrote on stderr, where it fails
   */
  Path step(String... words) throws MissingException {
    List<String> command =
        new ArrayList<>(List.of("bash", scripts.resolve("setup.sh").toString(), cache.toString()));
    command.addAll(List.of(words));
    Path log = log("setup-" + words[0]);
    progress.accept("setting up: " + String.join(" ", words) + " (log: " + log + ")");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Path printed = log("setup-" + words[0] + "-path");
    builder.redirectError(log.toFile()).redirectOutput(printed.toFile());
    try {
      Process process = builder.start();
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new MissingException(words[0] + " took longer than " + patience.toSeconds() + " s");
      }
      List<String> lines = Files.readAllLines(printed, StandardCharsets.UTF_8);
      if (process.exitValue() != 0 || lines.isEmpty()) {
        throw new MissingException(words[0] + " failed: " + lastLine(log));
      }
      return Path.of(lines.getLast());
    } catch (IOException e) {
      throw new MissingException(words[0] + " does not start: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MissingException("interrupted");
    }
  }

  /** A file for what a process writes on stderr. */
  Path log(String name) throws MissingException {
    Path folder = cache.resolve("logs");
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new MissingException("no folder for logs: " + e.getMessage());
    }
    return folder.resolve(name + ".log");
  }

  private static String lastLine(Path log) throws IOException {
    return Files.readAllLines(log, StandardCharsets.UTF_8).stream()
        .filter(line -> !line.isBlank())
        .reduce((earlier, later) -> later)
        .orElse("it says nothing");
  }
}
