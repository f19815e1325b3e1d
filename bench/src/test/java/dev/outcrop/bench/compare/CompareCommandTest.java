package dev.outcrop.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.bench.report.Confidence;
import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.report.Machine;
import dev.outcrop.bench.report.ResultFile;
import dev.outcrop.bench.report.RunResult;
import dev.outcrop.bench.report.Series;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class CompareCommandTest {
  @TempDir private Path folder;

  /** Three repeats of 200 requests whose TTFT lies around a time; some of them fail. */
  private static RunResult result(long seed, double ttft, double failing, double drift) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Series> series = new ArrayList<>();
    for (int repeat = 1; repeat <= 3; repeat++) {
      List<Double> times = new ArrayList<>();
      List<Double> failures = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        boolean failed = random.nextDouble() < failing;
        failures.add(failed ? 1.0 : 0.0);
        times.add(
            failed ? null : ttft * (1 + drift * repeat) * Math.exp(random.nextGaussian() / 5));
      }
      series.add(Series.samples("ttft_ms", "2/s", repeat, times));
      series.add(Series.samples("failure", "2/s", repeat, failures));
    }
    return new RunResult(
        "load",
        "2026-11-22T00:00:00Z",
        "0123456789ab",
        new Machine("Linux 6", "amd64", "a processor", 2, 24.5, "25", 0.25),
        Map.of("scenario", "chat"),
        3,
        LoadFigures.units(),
        List.of(Map.of("point", "2/s", "valid", "yes")),
        Map.of(),
        series);
  }

  private static Map<String, String> verdicts(RunResult before, RunResult after) {
    Map<String, String> verdicts = new TreeMap<>();
    MannWhitney.compare(before, after)
        .forEach(each -> verdicts.put(each.metric().name(), each.verdict().words()));
    return verdicts;
  }

  @Test
  void tellsBetterFromWorse() {
    RunResult slow = result(1, 200, 0, 0);
    RunResult fast = result(2, 150, 0, 0);

    assertThat(verdicts(slow, fast))
        .isEqualTo(Map.of("ttft_ms", "better", "failure", "no difference"));
    assertThat(verdicts(fast, slow)).containsEntry("ttft_ms", "worse");
  }

  /** Every repeat is faster or slower as a whole, as on a machine that others use. */
  @Test
  void aRunIsNoBetterThanItsRepetition() {
    int wrong = 0;
    for (int seed = 0; seed < 100; seed++) {
      boolean same =
          verdicts(wavering(seed), wavering(1_000 + seed))
              .equals(Map.of("ttft_ms", "no difference", "failure", "no difference"));
      wrong += same ? 0 : 1;
    }
    assertThat(wrong).as("of 100, at a level of 5 %").isLessThanOrEqualTo(5);
  }

  private static RunResult wavering(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Series> series = new ArrayList<>();
    for (int repeat = 1; repeat <= 3; repeat++) {
      double ttft = 200 * Math.exp(random.nextGaussian() / 10);
      double failing = 0.1 + 0.05 * random.nextDouble();
      for (Series each : result(random.nextLong(), ttft, failing, 0).series()) {
        if (each.repeat() == repeat) {
          series.add(each);
        }
      }
    }
    return with(series, "2/s", "yes");
  }

  @Test
  void fiveOfAHundredFailuresAreWorseThanNone() {
    for (int seed = 0; seed < 20; seed++) {
      RunResult before = result(seed, 200, 0, 0);
      RunResult after = result(100 + seed, 200, 0.05, 0);

      assertThat(verdicts(before, after)).as("seed %d", seed).containsEntry("failure", "worse");
      assertThat(verdicts(after, before)).as("seed %d", seed).containsEntry("failure", "better");
    }
  }

  @Test
  void lessThanAPointOfFailuresIsNoDifference() {
    List<Series> none = shares(10, 10_000, 0);
    List<Series> few = shares(10, 10_000, 50);

    assertThat(verdicts(with(none, "2/s", "yes"), with(few, "2/s", "yes")))
        .isEqualTo(Map.of("failure", "no difference"));
    assertThat(verdicts(with(none, "2/s", "yes"), with(shares(10, 10_000, 150), "2/s", "yes")))
        .isEqualTo(Map.of("failure", "worse"));
  }

  private static List<Series> shares(int repeats, int requests, int failing) {
    List<Series> series = new ArrayList<>();
    for (int repeat = 1; repeat <= repeats; repeat++) {
      List<Double> failures = new ArrayList<>();
      for (int i = 0; i < requests; i++) {
        failures.add(i < failing ? 1.0 : 0.0);
      }
      series.add(Series.samples("failure", "2/s", repeat, failures));
    }
    return series;
  }

  private static RunResult with(List<Series> series, String point, String valid) {
    RunResult of = result(1, 200, 0, 0);
    return new RunResult(
        of.benchmark(),
        of.time(),
        of.commit(),
        of.machine(),
        of.shape(),
        3,
        of.units(),
        List.of(Map.of("point", point, "valid", valid)),
        Map.of(),
        series);
  }

  @Test
  void withoutRepeatsNothingDiffers() {
    List<Series> slow = result(1, 200, 0, 0).series().subList(0, 2);
    List<Series> fast = result(2, 100, 0, 0).series().subList(0, 2);

    assertThat(verdicts(with(slow, "2/s", "yes"), with(fast, "2/s", "yes")))
        .containsOnly(Map.entry("ttft_ms", "no difference"), Map.entry("failure", "no difference"));
  }

  @Test
  void leavesOutWhatIsNotValidAndTellsWhatOnlyOneHas() {
    RunResult before = result(1, 200, 0, 0);
    RunResult invalid = with(result(2, 100, 0, 0).series(), "2/s", "no, it lagged");
    RunResult other = with(List.of(), "4/s", "yes");

    assertThat(MannWhitney.compare(before, invalid)).isEmpty();
    assertThat(CompareCommand.remarks(before, invalid))
        .containsExactly("note: 2/s of 2026-11-22T00:00:00Z is not valid and not compared");
    assertThat(CompareCommand.remarks(before, other))
        .containsExactly(
            "note: only the result of 2026-11-22T00:00:00Z has 2/s, which is not compared",
            "note: only the result of 2026-11-22T00:00:00Z has 4/s, which is not compared");
  }

  @Test
  void whatCannotBeComparedIsNotWorse() throws Exception {
    String good = result(1, 200, 0, 0).toJson();
    Path a = Files.writeString(folder.resolve("a.json"), good);
    Path nothing = Files.writeString(folder.resolve("b.json"), good.replace("\"yes\"", "null"));
    List<Series> uneven = new ArrayList<>(result(1, 200, 0.5, 0).series());
    uneven.set(1, Series.samples("failure", "2/s", 1, List.of(1.0)));
    Path edited = Files.writeString(folder.resolve("c.json"), with(uneven, "2/s", "yes").toJson());

    assertThat(new CommandLine(new CompareCommand()).execute(a.toString(), nothing.toString()))
        .isEqualTo(2);
    assertThat(new CommandLine(new CompareCommand()).execute(a.toString(), edited.toString()))
        .isEqualTo(2);
  }

  @Test
  void whatLiesWithinTheRepeatsIsNoDifference() {
    // Ranks alone would find one: 600 values that are 10 % apart.
    RunResult before = result(1, 200, 0, 0.3);
    RunResult after = result(2, 220, 0, 0.3);

    Difference ttft = MannWhitney.compare(before, after).getFirst();

    assertThat(ttft.p()).isLessThan(0.05);
    assertThat(ttft.verdict()).isEqualTo(Difference.Verdict.NO_DIFFERENCE);
  }

  @Test
  void whoFailsIsNotFaster() {
    RunResult before = result(1, 200, 0, 0);
    RunResult after = result(2, 190, 0.6, 0);

    assertThat(verdicts(before, after)).isEqualTo(Map.of("ttft_ms", "worse", "failure", "worse"));
  }

  @Test
  void correctsForTheNumberOfFigures() {
    Difference.Metric metric = new Difference.Metric("m", true, false);
    Difference.Values none = new Difference.Values(new double[0], new double[0], new int[0]);
    List<Difference> judged =
        Difference.judged(
            DoubleStream.of(0.04, 0.01, 0.03)
                .mapToObj(
                    p ->
                        new Difference(
                            "x",
                            metric,
                            none,
                            none,
                            p,
                            0,
                            p,
                            0.9,
                            Difference.Verdict.NO_DIFFERENCE))
                .toList());

    assertThat(judged.stream().map(Difference::adjusted))
        .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-12 ? 0 : Double.compare(a, b))
        .containsExactly(0.06, 0.03, 0.06);
    assertThat(judged.get(1).verdict()).isEqualTo(Difference.Verdict.BETTER);
    assertThat(judged.get(0).verdict()).isEqualTo(Difference.Verdict.NO_DIFFERENCE);
  }

  @Test
  void correctsTheLargerOfTheTwoChances() {
    Difference.Metric metric = new Difference.Metric("m", true, false);
    Difference.Values none = new Difference.Values(new double[0], new double[0], new int[0]);
    Difference byRanks =
        new Difference(
            "x", metric, none, none, 1e-9, 0.03, 0, 0.9, Difference.Verdict.NO_DIFFERENCE);

    Difference judged = Difference.judged(List.of(byRanks, byRanks)).getFirst();

    assertThat(judged.adjusted()).isCloseTo(0.06, within(1e-12));
    assertThat(judged.verdict()).isEqualTo(Difference.Verdict.NO_DIFFERENCE);
    assertThat(Difference.judged(List.of(byRanks)).getFirst().verdict())
        .isEqualTo(Difference.Verdict.BETTER);
  }

  @Test
  void intervalsAreStudents() {
    // Mean 4, deviation 2: 4.3027 * 2 / sqrt(3).
    assertThat(Confidence.halfWidth(new double[] {2, 4, 6}).orElseThrow())
        .isCloseTo(4.968, within(0.001));
    assertThat(Confidence.halfWidth(new double[] {2})).isEmpty();
  }

  @Test
  void printsAResultAndEndsWithOneWhereSomethingIsWorse() throws Exception {
    Path slow = Files.writeString(folder.resolve("slow.json"), result(1, 200, 0, 0).toJson());
    Path fast = Files.writeString(folder.resolve("fast.json"), result(2, 150, 0, 0).toJson());

    assertThat(compared(slow, fast, 0).at("/results/0/verdict").textValue()).isEqualTo("better");
    JsonNode worse = compared(fast, slow, 1);
    assertThat(worse.at("/results/0/metric").textValue()).isEqualTo("ttft_ms");
    assertThat(worse.at("/results/0/superiority").doubleValue()).isLessThan(0.3);
  }

  @Test
  void refusesWhatIsNoResult() throws Exception {
    Path none = folder.resolve("none.json");
    Path other = Files.writeString(folder.resolve("other.json"), "{\"a\": 1}");

    assertThat(new CommandLine(new CompareCommand()).execute(none.toString(), other.toString()))
        .isEqualTo(2);
    assertThat(catchThrowable(() -> ResultFile.read(other)))
        .hasMessage(other + " is no result of outcrop bench");
  }

  @Test
  void readsBackWhatWasPrinted() throws Exception {
    RunResult printed = result(1, 200, 0.2, 0);

    RunResult read = ResultFile.read(Files.writeString(folder.resolve("a.json"), printed.toJson()));

    assertThat(read.toJson()).isEqualTo(printed.toJson());
    assertThat(read.series().getFirst().y()).containsNull();
  }

  private JsonNode compared(Path before, Path after, int status) throws IOException {
    PrintStream stdout = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      assertThat(new CommandLine(new CompareCommand()).execute(before.toString(), after.toString()))
          .isEqualTo(status);
    } finally {
      System.setOut(stdout);
    }
    return new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
  }
}
