package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares what the examples render with what lies beside them, so that a review shows what a
 * change of the chart changes. -Dregenerate writes the files anew.
 */
class GoldenTest {
  private static final Pattern DASHBOARD =
      Pattern.compile("(?m)^(  \\w+\\.json: \\|)\n(?:    .*\n)++");

  static List<Path> values() {
    return Chart.examples("values-");
  }

  static List<Path> extras() {
    return Chart.examples("extra-");
  }

  private static Path golden(Path values) {
    return values.resolveSibling(
        values.getFileName().toString().replaceFirst("values-", "output-"));
  }

  @ParameterizedTest
  @MethodSource("values")
  void rendersAsRecorded(Path values) throws IOException {
    String rendered =
        DASHBOARD
            .matcher(Chart.text(values, Chart.RELEASE, Chart.NAMESPACE))
            .replaceAll("$1\n    (as in dashboards/)\n");

    if (Boolean.getBoolean("regenerate")) {
      Files.writeString(golden(values), rendered);
    }
    assertThat(golden(values)).exists();
    assertThat(rendered).isEqualTo(Files.readString(golden(values)));
  }

  @Test
  void recordsNothingThatNoExampleRenders() {
    assertThat(Chart.examples("output-"))
        .containsExactlyInAnyOrderElementsOf(values().stream().map(GoldenTest::golden).toList());
  }

  @ParameterizedTest
  @MethodSource("extras")
  void extraObjectsHaveOnlyFieldsOfTheirTypes(Path file) throws IOException {
    Rendering extra = Chart.renderWith("{}").with(Files.readString(file));

    assertThat(extra.manifests()).isNotEmpty();
    assertThat(ObjectLaws.fields(extra)).isEmpty();
    assertThat(ObjectLaws.secrets(extra)).isEmpty();
  }

  @Test
  void showsEveryAcceleratorSourceAndMode() throws IOException {
    StringBuilder all = new StringBuilder();
    for (Path file : values()) {
      all.append(Files.readString(file));
    }

    assertThat(Stream.of("cuda", "neuron", "pvc:", "s3csi:", "prefetch:", "keda", "external"))
        .allSatisfy(word -> assertThat(all).contains(word));
  }
}
