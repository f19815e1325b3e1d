package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.helm.ValuesReference.Key;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the chart's README to its values. -Dregenerate writes its tables anew. */
class ReadmeTest {
  private static final Path README = Chart.FOLDER.resolve("README.md");
  private static final Path VALUES = Chart.FOLDER.resolve("values.yaml");
  private static final String BEGIN = "<!-- values: written from values.yaml by ReadmeTest -->\n";
  private static final String END = "<!-- end of values -->\n";

  @Test
  void listsEveryValueAsValuesYamlTellsIt() throws IOException {
    String readme = Files.readString(README);
    int begin = readme.indexOf(BEGIN) + BEGIN.length();
    int end = readme.indexOf(END);
    String tables = "\n" + ValuesReference.markdown(ValuesReference.read(VALUES)) + "\n";

    if (Boolean.getBoolean("regenerate")) {
      Files.writeString(README, readme.substring(0, begin) + tables + readme.substring(end));
    }
    assertThat(Files.readString(README)).contains(BEGIN + tables + END);
  }

  @Test
  void everyValueIsDescribedInASection() throws IOException {
    List<Key> keys = ValuesReference.read(VALUES);

    assertThat(keys)
        .filteredOn(key -> !key.value().isMissingNode())
        .allSatisfy(
            key -> {
              assertThat(key.text()).as(key.path()).matches("(?s)\\S.*[.:;)].*");
              assertThat(key.described()).as(key.path() + " begins with --").isTrue();
              assertThat(key.section()).as(key.path()).isNotEmpty();
            });
    assertThat(keys)
        .extracting(Key::path)
        .containsAll(
            Chart.YAML.readTree(VALUES.toFile()).properties().stream()
                .map(entry -> entry.getKey())
                .toList());
  }

  @Test
  void namesOnlyValuesAndFilesThatAreThere() throws IOException {
    String readme = Files.readString(README);
    JsonNode values = Chart.YAML.readTree(VALUES.toFile());

    assertThat(found(readme, "--set(?:-string)? ([A-Za-z.]+)="))
        .isNotEmpty()
        .allSatisfy(
            path ->
                assertThat(values.at("/" + path.replace('.', '/')).isMissingNode())
                    .as(path)
                    .isFalse());
    assertThat(found(readme, "\\b(examples/[\\w.-]+\\.yaml)"))
        .isNotEmpty()
        .allSatisfy(file -> assertThat(Chart.FOLDER.resolve(file)).exists());
    for (Path example : Chart.examples("")) {
      if (!example.getFileName().toString().startsWith("output-")) {
        assertThat(readme).contains("examples/" + example.getFileName());
      }
    }
  }

  @Test
  void tellsPickersOfMetricsThatThereAreAndOfTheirPort() throws IOException {
    String readme = Files.readString(README);
    Rendering rendering = Chart.renderWith("{}");

    assertThat(found(readme, "Spec: \"(.+)\"")).hasSize(5).isSubsetOf(Metrics.names());
    assertThat(found(readme, "--model-server-metrics-port=(\\d+)"))
        .containsExactly(
            "" + ConfigLaws.port(rendering.models().getFirst().container(), "management"));
  }

  @Test
  void deletesWhatSignalsMadeByTheNamesThatItGives() throws IOException {
    Rendering rendering =
        Chart.render(Chart.EXAMPLES.resolve("values-cpu.yaml"), "outcrop", Chart.NAMESPACE);
    JsonNode signals =
        Chart.YAML.readTree(rendering.configFile(rendering.signals(), "config", "signals.yaml"));

    assertThat(Files.readString(README))
        .contains(
            "delete lease/%s configmap/%s\n"
                .formatted(
                    signals.at("/lease/name").asText(),
                    signals.at("/replicas-config-map").asText()));
  }

  private static List<String> found(String text, String pattern) {
    Stream<MatchResult> results = Pattern.compile(pattern).matcher(text).results();
    return results.map(result -> result.group(1)).toList();
  }
}
