package dev.outcrop.bench.micro;

import dev.outcrop.bench.report.Run;
import java.nio.file.Path;

/** Tells the JVMs that JMH forks which checkpoint's text files to use. */
final class MicroFolder {
  static final String PROPERTY = "outcrop.bench.micro.model";

  private MicroFolder() {}

  /** The folder, by default the embedded model's. */
  static Path path() {
    String given = System.getProperty(PROPERTY);
    return given == null ? Run.HOME.resolve("models/demo/model") : Path.of(given);
  }
}
