package dev.outcrop.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;
import picocli.CommandLine;

/**
 * The page about results. The golden file is written anew where the environment has {@code
 * GOLDEN=write}; look at the difference before it is committed.
 */
final class HtmlReportTest {
  private static final Path GOLDEN =
      Path.of("src/test/resources/dev/outcrop/bench/report/report.html");
  private static final Machine MACHINE =
      new Machine("Linux 6", "amd64", "a <processor> & \"more\"", 2, 24.5, "25", 0.25);

  private static Map<String, Object> open(double rate, double p50, double p99) {
    Map<String, Object> point = new LinkedHashMap<>();
    point.put("point", rate + "/s");
    point.put("loop", "open");
    point.put("request_rate", rate);
    point.put("completed", 120.0);
    point.put("median_ttft_ms", p50);
    point.put("ci95_median_ttft_ms", p50 / 10);
    point.put("p99_ttft_ms", p99);
    point.put("request_goodput", rate * 0.9);
    point.put("output_throughput_per_device", rate * 100);
    point.put("output_throughput_per_user", 60 / rate);
    point.put("valid", rate > 1 ? "no, in repeat 1 the client <lagged>" : "yes");
    return point;
  }

  private static Map<String, Object> closed(int users, double throughput) {
    Map<String, Object> point = new LinkedHashMap<>();
    point.put("point", users + " users");
    point.put("loop", "closed");
    point.put("max_concurrency", users);
    point.put("output_throughput", throughput);
    point.put("ci95_output_throughput", 5.0);
    point.put("valid", "yes");
    return point;
  }

  private static RunResult load() {
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("scenario", "a <script>alert(1)</script>");
    shape.put("evidence", false);
    return new RunResult(
        "load",
        "2026-11-22T00:00:00Z",
        "0123456789ab",
        MACHINE,
        shape,
        3,
        LoadFigures.units(),
        List.of(
            closed(1, 50), closed(2, 95), closed(4, 150.5), open(0.5, 80, 300), open(2, 90, 4_000)),
        Map.of("max_request_goodput", 1.8),
        List.of(
            Series.curve("itl_cdf", "2/s", 0, List.of(5.0, 10.0, 40.0), List.of(0.1, 0.5, 1.0)),
            Series.curve(
                "kv_cache_usage", "2/s", 1, List.of(0.0, 1.0, 2.0), Arrays.asList(0.1, null, 0.9)),
            Series.curve("requests_running", "2/s", 1, List.of(0.0, 1.0), List.of(1.0, 7.0))));
  }

  private static RunResult engine() {
    return new RunResult(
        "engine",
        "2026-11-22T00:00:00Z",
        "0123456789ab",
        MACHINE,
        Map.of("hidden", 1_024),
        1,
        Map.of("batch", "sequences", "msPerStep", "ms"),
        List.of(Map.of("batch", 16), Map.of("msPerStep", 12.5)));
  }

  @Test
  void isWhatItWas() throws IOException {
    String page = HtmlReport.of(List.of(load(), engine()));
    if ("write".equals(System.getenv("GOLDEN"))) {
      Files.createDirectories(GOLDEN.getParent());
      Files.writeString(GOLDEN, page);
    }

    assertThat(page).isEqualTo(Files.readString(GOLDEN));
  }

  @Test
  void needsNothingElseAndLetsNoTextBecomeMarkup() {
    String page = HtmlReport.of(List.of(load()));

    assertThat(page)
        .contains("a &lt;script&gt;alert(1)&lt;/script&gt;", "a &lt;processor&gt; &amp; &quot;more")
        .contains("prefers-color-scheme: dark", "Its figures are no evidence.")
        .contains("Not valid: 2.0/s, no, in repeat 1 the client &lt;lagged&gt;")
        .doesNotContain("<script", "http:", "https:", "src=", "@import", "url(");
  }

  @Test
  void hasEveryPlotAsWellFormedSvg() throws Exception {
    String page = HtmlReport.of(List.of(load()));

    assertThat(page)
        .contains(
            "TTFT by rate",
            "Goodput by rate",
            "Throughput by concurrency",
            "Throughput per device by speed per user",
            "Gaps between pieces of answers (ITL)",
            "KV cache over time (first repeat)",
            "Batch size over time (first repeat)");
    String[] parts = page.split("(?=<svg)|(?<=</svg>)");
    List<String> plots = Arrays.stream(parts).filter(part -> part.startsWith("<svg")).toList();
    assertThat(plots).hasSize(7);
    for (String plot : plots) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new InputSource(new StringReader(plot)));
      assertThat(plot).contains("<path").doesNotContain("NaN", "Infinity");
    }
  }

  @Test
  void isMadeOfFilesToo(@TempDir Path folder) throws IOException {
    Path result = Files.writeString(folder.resolve("a.json"), load().toJson());
    Path page = folder.resolve("report.html");

    assertThat(new CommandLine(new ReportCommand()).execute(result.toString(), "--html=" + page))
        .isZero();

    assertThat(Files.readString(page)).isEqualTo(HtmlReport.of(List.of(load())));
  }

  @Test
  void severalResultsAreOneFileToo(@TempDir Path folder) throws IOException {
    Path one = Files.writeString(folder.resolve("a.json"), load().toJson());
    Path two = Files.writeString(folder.resolve("b.json"), engine().toJson());
    Path page = folder.resolve("report.html");
    Path all = folder.resolve("all.json");
    CommandLine report = new CommandLine(new ReportCommand());

    assertThat(report.execute(one.toString(), two.toString(), "--html=" + page, "--json=" + all))
        .isZero();
    assertThat(ResultFile.readAll(all)).containsExactly(load(), engine());
    assertThatThrownBy(() -> ResultFile.read(all))
        .hasMessageEndingWith("holds 2 results, one is wanted");
    String first = Files.readString(page);
    assertThat(report.execute(all.toString(), "--html=" + page)).isZero();
    assertThat(Files.readString(page)).isEqualTo(first);
  }

  @Test
  void manyEntriesHaveARowEach() {
    List<Map<String, Object>> entries = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      entries.add(Map.of("instance", "box" + i));
    }
    RunResult dollars =
        new RunResult(
            "dollars",
            "2026-11-22T00:00:00Z",
            "0123456789ab",
            MACHINE,
            Map.of("verdict", List.of("first <sentence>", "second")),
            1,
            Map.of("instance", "type of <EC2> instance"),
            entries);

    assertThat(HtmlReport.of(List.of(dollars)))
        .contains("<tr><th>instance</th></tr>", "<tr><td>box19</td></tr>")
        .contains("<dt>instance</dt><dd class=\"unit\">type of &lt;EC2&gt; instance</dd>")
        .contains("<td>first &lt;sentence&gt;\nsecond</td>");
  }

  @Test
  void axesHaveRoundNumbers() {
    assertThat(Axis.linear(0, 150.5).ticks()).containsExactly(0.0, 50.0, 100.0, 150.0, 200.0);
    assertThat(Axis.linear(0, 0).ticks()).hasSizeGreaterThan(1);
    assertThat(Axis.logarithmic(80, 4_000).ticks())
        .containsExactly(50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0);
    assertThat(Axis.logarithmic(3, 3).share(3)).isBetween(0.0, 1.0);
    assertThat(
            List.of(
                ShortNumber.of(0.25),
                ShortNumber.of(12_345),
                ShortNumber.of(3),
                ShortNumber.of(2.5e6)))
        .containsExactly("0.25", "12.3k", "3", "2.5M");
  }

  @Test
  void theFrontHasOnlyPointsThatNoneBeats() {
    Plot.Dot fast = new Plot.Dot(10, 1, 0, "fast");
    Plot.Dot busy = new Plot.Dot(2, 9, 0, "busy");
    Plot.Dot beaten = new Plot.Dot(2, 5, 0, "beaten");

    assertThat(LoadPlots.front(List.of(fast, busy, beaten))).containsExactly(fast, busy);
    Plot.Dot lagged = new Plot.Dot(20, 20, 0, "lagged", false);
    assertThat(LoadPlots.front(List.of(fast, busy, lagged))).containsExactly(fast, busy);
  }

  @Test
  void pointsThatAreNotValidAreHollow() {
    assertThat(HtmlReport.of(List.of(load())))
        .contains("class=\"c0 hollow\"", "2.0/s: 90 (not valid)")
        .doesNotContain("0.5/s: 80 (not valid)");
  }

  @Test
  void everyResultHasItsShareOfThePlotAndTheRestIsCounted() {
    List<Series> many = new ArrayList<>();
    for (int point = 1; point <= 12; point++) {
      many.add(Series.curve("itl_cdf", point + "/s", 0, List.of(1.0, 2.0), List.of(0.5, 1.0)));
    }
    RunResult of = load();
    RunResult crowded =
        new RunResult(
            of.benchmark(),
            of.time(),
            of.commit(),
            of.machine(),
            of.shape(),
            of.repeats(),
            of.units(),
            of.results(),
            of.headline(),
            many);

    List<Plot> plots =
        new LoadPlots(List.of(new LoadPlots.Named("A", crowded), new LoadPlots.Named("B", crowded)))
            .plots();
    Plot gaps = plots.stream().filter(plot -> plot.x().equals("ms")).findFirst().orElseThrow();

    assertThat(gaps.title()).endsWith("(16 more not shown)");
    assertThat(gaps.lines().stream().map(Plot.Line::name))
        .containsExactly(
            "A: 1/s", "A: 5/s", "A: 8/s", "A: 12/s", "B: 1/s", "B: 5/s", "B: 8/s", "B: 12/s");
  }
}
