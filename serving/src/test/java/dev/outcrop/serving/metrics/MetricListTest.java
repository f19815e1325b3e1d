package dev.outcrop.serving.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The list of metrics that is told to the world, beside the page of a server that was used. */
final class MetricListTest {
  private static final Path LIST = Path.of("METRICS.md");
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"(?:[^\"\\\\]|\\\\.)*\",");
  private static final Pattern PART = Pattern.compile("_(bucket|sum|count)$");

  private static final int SENT = 3;

  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server =
        new TestServer(
            request -> "0123456789",
            config -> config.withCost(CostConfig.DEFAULT.withHourlyUsd(3.6)));
    RawHttp.post(server.server.port(), "/model/demo/converse", HI);
    RawHttp.post(server.server.port(), "/nothing", HI);
    server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "x");
    server.batcher.failAfter = 2;
    RawHttp.post(server.server.port(), "/model/demo/converse", HI);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void listSaysWhatTheServerSaysOfEveryMetric() throws IOException {
    assertThat(Files.readAllLines(LIST).stream().filter(line -> line.startsWith("| `")))
        .containsExactlyElementsOf(Metric.all().stream().map(MetricListTest::row).toList());
  }

  @Test
  void pageHasExactlyTheMetricsOfTheList() throws Exception {
    List<String> lines = server.metrics(SENT).lines().toList();

    assertThat(lines.stream().filter(line -> line.startsWith("# TYPE ")))
        .containsExactlyInAnyOrderElementsOf(
            Metric.all().stream()
                .map(metric -> "# TYPE %s %s".formatted(metric.metricName(), type(metric)))
                .toList());
    assertThat(lines.stream().filter(line -> line.startsWith("# HELP ")))
        .containsExactlyInAnyOrderElementsOf(
            Metric.all().stream()
                .map(metric -> "# HELP %s %s".formatted(metric.metricName(), metric.help()))
                .toList());
  }

  @Test
  void pageHasTheLabelsOfTheList() throws Exception {
    Map<String, Metric> metrics = new HashMap<>();
    Metric.all().forEach(metric -> metrics.put(metric.metricName(), metric));
    TreeSet<String> seen = new TreeSet<>();
    server
        .metrics(SENT)
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(
            line -> {
              String name = line.split("[{ ]", 2)[0];
              Metric metric =
                  metrics.getOrDefault(name, metrics.get(PART.matcher(name).replaceFirst("")));
              assertThat(metric).as(line).isNotNull();
              List<String> labels = new ArrayList<>();
              Matcher label = LABEL.matcher(line);
              while (label.find()) {
                labels.add(label.group(1));
              }
              if (name.endsWith("_bucket")) {
                assertThat(labels.removeLast()).as(line).isEqualTo("le");
              }
              assertThat(labels).as(line).isEqualTo(metric.labels());
              seen.add(metric.metricName());
            });
    assertThat(seen).as("all have a value").isEqualTo(metrics.keySet());
  }

  @Test
  void switchLeavesTheNamesOfVllmOut() throws Exception {
    try (TestServer plain =
        new TestServer(
            request -> "x",
            config ->
                config.withManagement(new ManagementConfig("127.0.0.1", 0, null, null, false)))) {
      RawHttp.post(plain.server.port(), "/model/demo/converse", HI);

      assertThat(plain.metrics(1)).contains("outcrop_running{").doesNotContain("vllm:");
    }
  }

  /** promtool exits with 1 where it cannot read the page, and with 3 where a name offends it. */
  @Test
  void promtoolFindsFaultWithNoNameOfOurs() throws Exception {
    Optional<Path> promtool =
        Stream.of(System.getenv("PATH").split(":"))
            .map(folder -> Path.of(folder, "promtool"))
            .filter(Files::isExecutable)
            .findFirst();
    if (promtool.isEmpty()) {
      System.out.println("promtool is not installed: its check of the page is skipped");
    }
    Assumptions.assumeTrue(promtool.isPresent(), "promtool is not installed");
    Path out = Files.createTempFile("promtool", ".txt");
    Process process =
        new ProcessBuilder(promtool.get().toString(), "check", "metrics")
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try (var in = process.getOutputStream()) {
      in.write(server.metrics(SENT).getBytes(StandardCharsets.UTF_8));
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();

    List<String> complaints = Files.readAllLines(out);
    Files.delete(out);
    assertThat(process.exitValue()).as(complaints.toString()).isEqualTo(3);
    assertThat(complaints).allMatch(line -> line.startsWith("vllm:"));
  }

  private static String row(Metric metric) {
    return "| `%s` | %s | %s | %s |"
        .formatted(
            metric.metricName(),
            type(metric),
            String.join(", ", metric.labels().stream().map(label -> "`" + label + "`").toList()),
            metric.help());
  }

  private static String type(Metric metric) {
    return metric.type().name().toLowerCase(Locale.ROOT);
  }
}
