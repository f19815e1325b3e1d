package dev.outcrop.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Loads that {@code bench load} puts on a server, in this process, and what they printed. */
final class Loads {
  /** Tests run on machines that are busy; whether the client lagged is another test's. */
  static final String PATIENT = "--most-lag=60000";

  /** What a run printed. */
  record Ran(int status, JsonNode result, String err) {
    JsonNode point(int index) {
      return result.get("results").get(index);
    }
  }

  private Loads() {}

  static Ran run(Path folder, FakeServer server, String scenario, String... more)
      throws IOException {
    Path file = Files.writeString(folder.resolve("test.yaml"), scenario);
    List<String> arguments = new ArrayList<>(List.of("--target", server.uri(), PATIENT));
    arguments.addAll(List.of("--scenario", file.toString()));
    arguments.addAll(List.of(more));
    return run(arguments);
  }

  static Ran run(List<String> arguments) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream outBefore = System.out;
    PrintStream errBefore = System.err;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    int status;
    try {
      status =
          new CommandLine(new LoadCommand())
              .setCaseInsensitiveEnumValuesAllowed(true)
              .execute(arguments.toArray(String[]::new));
    } finally {
      System.setOut(outBefore);
      System.setErr(errBefore);
    }
    return new Ran(
        status,
        new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8)),
        err.toString(StandardCharsets.UTF_8));
  }
}
