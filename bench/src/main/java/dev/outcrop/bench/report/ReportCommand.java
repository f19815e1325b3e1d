package dev.outcrop.bench.report;

import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outcrop bench report}: a page about results. */
@Command(
    name = "report",
    description =
        "Writes one HTML page, which needs nothing else, about results of any bench command, and all"
            + " of them as one file; those of bench load share plots.",
    mixinStandardHelpOptions = true)
public final class ReportCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "RESULT.json",
      description = "Results of bench commands, or what --json wrote of them")
  private List<Path> results = new ArrayList<>();

  @Option(names = "--html", required = true, description = "The file to write")
  private Path html = Path.of("");

  @Option(names = "--json", description = "Where to write all of the results as one array")
  private @Nullable Path json;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public ReportCommand() {}

  @Override
  public Integer call() throws IOException {
    Bounds bounds = new Bounds(spec);
    bounds.writable("--html", html);
    bounds.writable("--json", json);
    List<RunResult> read = new ArrayList<>();
    for (Path result : results) {
      read.addAll(ResultFile.readAll(result));
    }
    Files.writeString(html, HtmlReport.of(read));
    System.err.println("report: " + html);
    if (json != null) {
      Files.writeString(json, ResultFile.json(read));
    }
    return 0;
  }
}
