package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.helm.Rendering.Pods;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What {@code outcrop images} builds is what the chart asks a registry for. */
class ImagesTest {
  private static final Path ROOT = Path.of("..");
  private static final String VERSION = version();

  private static String version() {
    try {
      return found(Files.readString(ROOT.resolve("outcrop")), "(?m)^version=(\\S+)$").getFirst();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static List<String> found(String text, String pattern) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult result) -> result.group(1))
        .toList();
  }

  /** The images of a rendering without their registry. */
  private static List<String> asked(String accelerator) {
    return Chart.renderWith("modelDefaults: {accelerator: " + accelerator + "}")
        .workloads()
        .stream()
        .map(Pods::container)
        .map(container -> container.getImage().replace("registry.example/", ""))
        .toList();
  }

  @Test
  void areNamedAsTheChartAsksForThem() throws IOException {
    String script = Files.readString(ROOT.resolve("serving/src/images/build.sh"));
    String tag = VERSION.replace("-SNAPSHOT", "");

    for (String flavour : List.of("cpu", "cuda", "neuron")) {
      assertThat(
              found(script, "-Djib\\.to\\.image=([^ \"]+)\"").stream()
                  .map(name -> name.replace("$image_version", tag).replace("$flavour", flavour)))
          .containsExactlyInAnyOrderElementsOf(asked(flavour));
    }
  }

  @Test
  void arePushedUnderThoseNames() throws IOException {
    assertThat(
            found(Files.readString(Chart.FOLDER.resolve("README.md")), "docker://REGISTRY/(\\S+)"))
        .containsExactlyInAnyOrderElementsOf(asked("cpu"));
  }
}
