package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Holds the alerts and dashboards to the metrics that there are, and asks promtool what it thinks
 * of the alerts.
 */
class AlertsTest {
  private static final Path RULES = Chart.FOLDER.resolve("rules");
  private static final Path DASHBOARDS = Chart.FOLDER.resolve("dashboards");
  private static final Path CASES = Path.of("src/test/resources/alerts");

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void asksOnlyForMetricsThatThereAre() throws IOException {
    Set<String> known = Metrics.names();
    for (Path file : files(RULES)) {
      for (JsonNode expression : Chart.YAML.readTree(file.toFile()).findValues("expr")) {
        assertThat(known)
            .as(file + ": " + expression.asText())
            .containsAll(Metrics.in(expression.asText()));
      }
    }
    for (Path file : files(DASHBOARDS)) {
      JsonNode dashboard = Chart.YAML.readTree(file.toFile());
      List<JsonNode> expressions = new ArrayList<>(dashboard.findValues("expr"));
      expressions.addAll(dashboard.findValues("definition"));
      assertThat(expressions).as(file.toString()).hasSizeGreaterThan(10);
      for (JsonNode expression : expressions) {
        assertThat(known)
            .as(file + ": " + expression.asText())
            .containsAll(Metrics.in(expression.asText()));
      }
    }
  }

  @Test
  void everyAlertSaysWhatItIsAndHowBadAndIsTried() throws IOException {
    Set<String> tried = new TreeSet<>();
    for (Path file : files(CASES)) {
      Chart.YAML
          .readTree(file.toFile())
          .findValues("alert_rule_test")
          .forEach(
              cases ->
                  cases.forEach(
                      one -> {
                        if (!one.path("exp_alerts").isEmpty()) {
                          tried.add(one.path("alertname").asText());
                        }
                      }));
    }
    Set<String> alerts = new TreeSet<>();
    for (Path file : files(RULES)) {
      for (JsonNode group : Chart.YAML.readTree(file.toFile()).get("groups")) {
        for (JsonNode rule : group.get("rules")) {
          assertThat(alerts.add(rule.path("alert").asText())).isTrue();
          assertThat(rule.at("/labels/severity").asText()).isIn("warning", "critical");
          assertThat(rule.at("/annotations/summary").asText()).isNotEmpty();
          assertThat(rule.at("/annotations/description").asText()).endsWith(".");
        }
      }
    }
    assertThat(tried).isEqualTo(alerts);
  }

  @Test
  void signalsIsMissedInTheNamespaceOfTheReleaseThatHasIt() {
    String rules = "monitoring: {prometheusRule: {enabled: true}}";

    assertThat(Chart.renderWith("{" + rules + "}").kind("PrometheusRule").toString())
        .contains("absent(outcrop_signals_leader{namespace=\\\"" + Chart.NAMESPACE + "\\\"})")
        .doesNotContain("\"NAMESPACE");
    assertThat(
            Chart.renderWith("{signals: {enabled: false}, " + rules + "}").kind("PrometheusRule"))
        .singleElement()
        .asString()
        .doesNotContain("outcrop_signals");
  }

  @Test
  void dashboardsFitTogether() throws IOException {
    Set<String> names = new TreeSet<>();
    for (Path file : files(DASHBOARDS)) {
      JsonNode dashboard = Chart.YAML.readTree(file.toFile());
      assertThat(names.add(dashboard.get("uid").asText())).isTrue();
      assertThat(dashboard.at("/templating/list").findValuesAsText("name"))
          .contains("datasource", "namespace", "model");
      Set<Integer> ids = new TreeSet<>();
      List<JsonNode> taken = new ArrayList<>();
      for (JsonNode panel : dashboard.get("panels")) {
        assertThat(ids.add(panel.get("id").asInt())).isTrue();
        JsonNode box = panel.get("gridPos");
        assertThat(box.get("x").asInt() + box.get("w").asInt()).isLessThanOrEqualTo(24);
        assertThat(taken).as(panel.get("title").asText()).noneMatch(other -> overlap(box, other));
        taken.add(box);
        assertThat(panel.path("type").asText().equals("row") || panel.has("description"))
            .as(panel.get("title").asText())
            .isTrue();
      }
    }
  }

  private static boolean overlap(JsonNode one, JsonNode other) {
    return within(one, other, "x", "w") && within(one, other, "y", "h");
  }

  private static boolean within(JsonNode one, JsonNode other, String from, String length) {
    int begin = one.get(from).asInt();
    int otherBegin = other.get(from).asInt();
    return begin < otherBegin + other.get(length).asInt()
        && otherBegin < begin + one.get(length).asInt();
  }

  @Test
  void promtoolTakesTheRulesAndTheyFireWhenTheyShould() throws Exception {
    Optional<Path> promtool =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .map(folder -> Path.of(folder, "promtool"))
            .filter(Files::isExecutable)
            .findFirst();
    Assumptions.assumeTrue(
        promtool.isPresent(), "skipped: no promtool on the path (Debian: prometheus)");
    promtool(promtool.get(), "check", files(RULES));
    promtool(promtool.get(), "test", files(CASES));
  }

  private static void promtool(Path promtool, String what, List<Path> files) throws Exception {
    List<String> command = new ArrayList<>(List.of(promtool.toString(), what, "rules"));
    files.forEach(file -> command.add(file.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
