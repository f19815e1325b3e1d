package dev.outcrop.bench.dollars;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.report.Machine;
import dev.outcrop.models.OutcropException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Runs of {@code bench dollars}, and the results of loads that they read. */
final class DollarsRuns {
  static final String MODEL = "meta.llama3-1-8b-instruct";

  /** An hour: 2 requests a second of 900 tokens in, 300 of them cached, and 100 out. */
  static final String HOUR =
      """
      {"benchmark": "load", "commit": "0123456789ab", "shape": {%s
         "model": "meta.llama3-1-8b-instruct-v1:0", "sloTtftMs": 2000, "sloTpotMs": 100},
       "results": [
         {"input_throughput": 900, "output_throughput": 100, "request_throughput": 1,
          "request_goodput": 1},
         {"input_throughput": 1800, "cached_input_throughput": 600,
          "output_throughput": 200, "request_throughput": 2, "request_goodput": 1.5},
         {"input_throughput": 2700, "output_throughput": 300, "request_throughput": 3,
          "request_goodput": 0.1},
         {"input_throughput": 9999, "output_throughput": 9999, "request_throughput": 3,
          "request_goodput": 9, "valid": "no, in repeat 1 the client lagged"}]}
      """;

  record Run(int status, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }

    List<JsonNode> rows(String type) throws IOException {
      List<JsonNode> rows = new ArrayList<>();
      for (JsonNode row : json().get("results")) {
        if (row.path("instance").asText().equals(type)) {
          rows.add(row);
        }
      }
      return rows;
    }
  }

  private DollarsRuns() {}

  static Run run(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    StringWriter usage = new StringWriter();
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
    try {
      int status =
          new CommandLine(new DollarsCommand())
              .setCaseInsensitiveEnumValuesAllowed(true)
              .setErr(new PrintWriter(usage, true))
              .setExecutionExceptionHandler(
                  (e, line, parsed) -> {
                    assertThat(e).isInstanceOfAny(OutcropException.class, IOException.class);
                    line.getErr().println(e.getMessage());
                    return 1;
                  })
              .execute(arguments);
      return new Run(
          status,
          captured.toString(StandardCharsets.UTF_8),
          told.toString(StandardCharsets.UTF_8) + usage);
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  static String file(Path folder, String text) throws IOException {
    return file(folder, "load.json", text);
  }

  /** Writes a result, with the machine and the units that every result has. */
  static String file(Path folder, String name, String text) throws IOException {
    String whole = text;
    if (text.strip().startsWith("{\"benchmark\"") && text.contains("\"results\"")) {
      ObjectNode result = (ObjectNode) new ObjectMapper().readTree(text);
      result.putPOJO("machine", Machine.here());
      result.putPOJO("units", LoadFigures.units());
      whole = result.toString();
    }
    return Files.writeString(folder.resolve(name), whole).toString();
  }
}
