package dev.outcrop.bench.compare;

import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.report.ResultFile;
import dev.outcrop.bench.report.Run;
import dev.outcrop.bench.report.RunResult;
import dev.outcrop.bench.report.ShortNumber;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outcrop bench compare}: whether one run of a load is better than another. */
@Command(
    name = "compare",
    description =
        "Says of two results of bench load which figures of the second are better or worse than those"
            + " of the first (Mann-Whitney U and the repeats, corrected by Holm). Middles and"
            + " shares are compared, not tails such as p99.",
    footer = {"", "Exit codes: 0 nothing is worse, 1 something is, 2 they cannot be compared."},
    mixinStandardHelpOptions = true)
public final class CompareCommand implements Callable<Integer> {
  private static final List<String> SAME =
      List.of(
          "scenario",
          "target",
          "api",
          "model",
          "devices",
          "config",
          "arrivals",
          "traceName",
          "traceSha256",
          "traceTexts",
          "sloTtftMs",
          "sloTpotMs");

  private static final Logger LOG = System.getLogger(CompareCommand.class.getName());

  /** Not 1, which says that something is worse. */
  private static final int NOT_COMPARED = 2;

  @Parameters(index = "0", paramLabel = "A.json", description = "A result of bench load")
  private Path first = Path.of("");

  @Parameters(index = "1", paramLabel = "B.json", description = "Another one of the same scenario")
  private Path second = Path.of("");

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public CompareCommand() {}

  @Override
  public Integer call() {
    try {
      return compared(new Bounds(spec));
    } catch (ParameterException e) {
      throw e;
    } catch (RuntimeException e) { // a result that somebody edited, or a mistake of ours
      LOG.log(Level.ERROR, "%s and %s cannot be compared".formatted(first, second), e);
      return NOT_COMPARED;
    }
  }

  private int compared(Bounds bounds) {
    RunResult before = read(first, bounds);
    RunResult after = read(second, bounds);
    List<Difference> differences = MannWhitney.compare(before, after);
    bounds.that(
        !differences.isEmpty(),
        "%s and %s have no valid point in common with single values; bench load keeps these"
            .formatted(first, second));
    remarks(before, after).forEach(System.err::println);
    differences.forEach(difference -> System.err.println(line(difference)));
    System.err.println("note: tails such as p99 are not compared");
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
      for (String point : MannWhitney.invalid(result)) {
        remarks.add("note: %s of %s is not valid and not compared".formatted(point, result.time()));
      }
      if (result.repeats() < 2) {
        remarks.add(
            "note: %s has no repeats: nobody knows how far they would be apart, so nothing differs"
                .formatted(result.time()));
      }
    }
    onlyIn(before, after, remarks);
    onlyIn(after, before, remarks);
    return remarks;
  }

  private static void onlyIn(RunResult one, RunResult other, List<String> remarks) {
    Set<String> points = points(one);
    points.removeAll(points(other));
    points.forEach(
        point ->
            remarks.add(
                "note: only the result of %s has %s, which is not compared"
                    .formatted(one.time(), point)));
  }

  private static Set<String> points(RunResult result) {
    Set<String> points = new LinkedHashSet<>();
    result.results().forEach(point -> points.add(String.valueOf(point.get(LoadFigures.POINT))));
    return points;
  }

  private static String line(Difference of) {
    return String.format(
        Locale.ROOT,
        "%-22s %-26s %10s -> %10s  p %.2g (Holm)  %2.0f %% better  %s",
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
      result.put("pRepeats", of.repeatsP());
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
                pRepeats: the same of repeats: Welch's t-test of medians, quasi-binomial of shares
                pHolm: the larger of the two, corrected for the number of figures
                superiority: chance that a value of the second is better than one of the first
                verdict: better, worse or no difference"""),
            results,
            Map.of());
  }

  private static Object finite(double value) {
    return Double.isFinite(value) ? (Object) value : "failed";
  }
}
