package dev.outcrop.bench.compare;

import dev.outcrop.bench.options.Bounds;
import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.report.ResultFile;
import dev.outcrop.bench.report.Run;
import dev.outcrop.bench.report.RunResult;
import dev.outcrop.bench.report.ShortNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outcrop bench compare}: whether one run of a load is better than another. */
@Command(
    name = "compare",
    description =
        "Says of two results of bench load which figures of the second are better or worse than those"
            + " of the first (Mann-Whitney U, corrected by Holm).",
    footer = {"", "Exit codes: 0 nothing is worse, 1 something is, 2 there is nothing to compare."},
    mixinStandardHelpOptions = true)
public final class CompareCommand implements Callable<Integer> {
  private static final List<String> SAME =
      List.of("scenario", "target", "api", "model", "devices", "config");

  @Parameters(index = "0", paramLabel = "A.json", description = "A result of bench load")
  private Path first = Path.of("");

  @Parameters(index = "1", paramLabel = "B.json", description = "Another one of the same scenario")
  private Path second = Path.of("");

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public CompareCommand() {}

  @Override
  public Integer call() {
    Bounds bounds = new Bounds(spec);
    RunResult before = read(first, bounds);
    RunResult after = read(second, bounds);
    List<Difference> differences = MannWhitney.compare(before, after);
    bounds.that(
        !differences.isEmpty(),
        "%s and %s have no point in common with single values; bench load keeps these"
            .formatted(first, second));
    remarks(before, after).forEach(System.err::println);
    differences.forEach(difference -> System.err.println(line(difference)));
    boolean worse = has(differences, Difference.Verdict.WORSE);
    boolean better = has(differences, Difference.Verdict.BETTER);
    System.err.println(
        "%s is %s than %s"
            .formatted(
                second,
                worse ? better ? "better and worse" : "worse" : better ? "better" : "no other",
                first));
    print(differences);
    return worse ? 1 : 0;
  }

  private static RunResult read(Path file, Bounds bounds) {
    try {
      return ResultFile.read(file);
    } catch (IOException e) {
      bounds.that(false, String.valueOf(e.getMessage()));
      throw new IllegalStateException("the line above throws", e);
    }
  }

  private static boolean has(List<Difference> differences, Difference.Verdict verdict) {
    return differences.stream().anyMatch(difference -> difference.verdict() == verdict);
  }

  /** What speaks against comparing the two. */
  static List<String> remarks(RunResult before, RunResult after) {
    List<String> remarks = new ArrayList<>();
    for (String key : SAME) {
      if (!Objects.equals(before.shape().get(key), after.shape().get(key))) {
        remarks.add("note: the two differ in " + key);
      }
    }
    if (!before.machine().cpu().equals(after.machine().cpu())) {
      remarks.add("note: the two ran on different processors");
    }
    for (RunResult result : List.of(before, after)) {
      if (Boolean.FALSE.equals(result.shape().get("evidence"))) {
        remarks.add("note: the scenario of %s is no evidence".formatted(result.time()));
      }
      for (Map<String, ?> point : result.results()) {
        if (point.get(LoadFigures.VALID) instanceof String valid && !valid.equals("yes")) {
          remarks.add(
              "note: %s of %s is not valid".formatted(point.get(LoadFigures.POINT), result.time()));
        }
      }
      if (result.repeats() < 2) {
        remarks.add(
            "note: %s has no repeats: nobody knows how far they would be apart"
                .formatted(result.time()));
      }
    }
    return remarks;
  }

  private static String line(Difference of) {
    return String.format(
        Locale.ROOT,
        "%-18s %-26s %10s -> %10s  p %.2g (Holm)  %2.0f %% better  %s",
        of.point(),
        of.metric().name(),
        shown(of.before().middle(of.metric().share())),
        shown(of.after().middle(of.metric().share())),
        of.adjusted(),
        100 * of.superiority(),
        of.verdict().words());
  }

  private static String shown(double value) {
    return Double.isFinite(value) ? ShortNumber.of(value) : "failed";
  }

  private void print(List<Difference> differences) {
    List<Map<String, Object>> results = new ArrayList<>();
    for (Difference of : differences) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("point", of.point());
      result.put("metric", of.metric().name());
      result.put("before", finite(of.before().middle(of.metric().share())));
      result.put("after", finite(of.after().middle(of.metric().share())));
      result.put("valuesBefore", of.before().all().length);
      result.put("valuesAfter", of.after().all().length);
      result.put("p", of.p());
      result.put("pHolm", of.adjusted());
      result.put("superiority", of.superiority());
      result.put("verdict", of.verdict().words());
      results.add(result);
    }
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("before", first.toString());
    shape.put("after", second.toString());
    Run.begin("compare")
        .print(
            shape,
            1,
            Run.units(
                """
                point: name of the load
                metric: name of the figure
                before: unit of the figure, median, or mean of shares, of the first result
                after: the same of the second; "failed" where half of the requests did
                valuesBefore: values of the first result
                valuesAfter: values of the second
                p: chance of such ranks without a difference, Mann-Whitney U, two-sided
                pHolm: the same, corrected for the number of figures
                superiority: chance that a value of the second is better than one of the first
                verdict: better, worse or no difference"""),
            results,
            Map.of());
  }

  private static Object finite(double value) {
    return Double.isFinite(value) ? (Object) value : "failed";
  }
}
