package dev.outcrop.k8s.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the committed traces: run it in the module's folder. */
final class TraceFiles {
  private static final Path FOLDER =
      Path.of("src", "main", "resources", "dev", "outcrop", "k8s", "simulation");

  private TraceFiles() {}

  public static void main(String[] arguments) throws IOException {
    Files.writeString(
        FOLDER.resolve("uniform.csv"), Trace.drawn("uniform", Trace.SEED, false).csv());
    Files.writeString(FOLDER.resolve("mixed.csv"), Trace.drawn("mixed", Trace.SEED, true).csv());
  }
}
