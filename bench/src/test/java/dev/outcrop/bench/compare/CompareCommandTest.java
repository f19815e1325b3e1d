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

  @Test
  void aRunIsNoBetterThanItsRepetition() {
    for (int seed = 0; seed < 50; seed++) {
      assertThat(verdicts(result(seed, 200, 0.1, 0), result(100 + seed, 200, 0.1, 0)))
          .as("seed %d", seed)
          .containsOnly(
              Map.entry("ttft_ms", "no difference"), Map.entry("failure", "no difference"));
    }
  }

  @Test
  void whatLiesWithinTheRepeatsIsNoDifference() {
    // Ranks alone would find one: 600 values that are 10 % apart.
    RunResult before = result(1, 200, 0, 0.3);
    RunResult after = result(2, 220, 0, 0.3);

    Difference ttft = MannWhitney.compare(before, after).getFirst();

    assertThat(ttft.adjusted()).isLessThan(0.05);
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
    Difference.Values none = new Difference.Values(new double[0], new double[0]);
    List<Difference> judged =
        Difference.judged(
            DoubleStream.of(0.04, 0.01, 0.03)
                .mapToObj(
                    p ->
                        new Difference(
                            "x", metric, none, none, p, p, 0.9, Difference.Verdict.NO_DIFFERENCE))
                .toList());

    assertThat(judged.stream().map(Difference::adjusted))
        .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-12 ? 0 : Double.compare(a, b))
        .containsExactly(0.06, 0.03, 0.06);
    assertThat(judged.get(1).verdict()).isEqualTo(Difference.Verdict.BETTER);
    assertThat(judged.get(0).verdict()).isEqualTo(Difference.Verdict.NO_DIFFERENCE);
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
