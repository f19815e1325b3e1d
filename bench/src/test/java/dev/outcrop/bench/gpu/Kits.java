package dev.outcrop.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Kits that the command writes. */
final class Kits {
  static final ObjectMapper JSON = new ObjectMapper();

  private Kits() {}

  /** A small one for the processor, with checks of checkpoints that models' tests have. */
  static void standIn(Path folder, String... checks) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--stand-in",
                "--dtype=float32",
                "--shape=64,2,4,2,128,256",
                "--batch=1,4",
                "--context=48",
                "--prompt=64",
                "--prefix=64"));
    for (String check : checks) {
      arguments.add("--check=" + Path.of("../models/src/test/resources/checkpoints", check));
    }
    write(folder, arguments.toArray(String[]::new));
  }

  static void write(Path folder, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--output=" + folder);
    CommandLine command =
        new CommandLine(new GpuKitCommand()).setCaseInsensitiveEnumValuesAllowed(true);
    assertThat(command.execute(all.toArray(String[]::new))).isZero();
  }

  static JsonNode read(Path folder) throws IOException {
    return JSON.readTree(folder.resolve("kit.json").toFile());
  }
}
