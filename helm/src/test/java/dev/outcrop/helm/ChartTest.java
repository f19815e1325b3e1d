package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.marcnuri.helm.Helm;
import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.ServingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Renders the chart with the real Helm engine. -Dregenerate writes the golden files anew. */
class ChartTest {
  private static final Path CHART = Path.of("outcrop");
  private static final Path MINIMAL = Path.of("src/test/resources/rendering/minimal");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private static String render(Path values) {
    return new Helm(CHART)
        .template()
        .withName("example")
        .withNamespace("default")
        .withValuesFile(values)
        .call();
  }

  private static JsonNode object(String rendered, String kind) throws IOException {
    List<JsonNode> all = new ArrayList<>();
    YAML.readerFor(JsonNode.class).<JsonNode>readValues(rendered).forEachRemaining(all::add);
    return all.stream()
        .filter(node -> node.path("kind").asText().equals(kind))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + kind));
  }

  @Test
  void rendersTheMinimalValuesAsRecorded() throws IOException {
    String rendered = render(MINIMAL.resolve("in-values.yaml"));

    Path golden = MINIMAL.resolve("out-objects.yaml");
    if (Boolean.getBoolean("regenerate")) {
      Files.writeString(golden, rendered);
    }
    assertThat(rendered).isEqualTo(Files.readString(golden));
  }

  @Test
  void asksThreeDifferentQuestionsOfTheManagementPort() throws IOException {
    JsonNode container =
        object(render(MINIMAL.resolve("in-values.yaml")), "Deployment")
            .at("/spec/template/spec/containers/0");

    assertThat(container.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/livez");
    assertThat(container.at("/readinessProbe/httpGet/path").asText()).isEqualTo("/readyz");
    assertThat(container.at("/livenessProbe/httpGet/port").asText()).isEqualTo("management");
    assertThat(StreamSupport.stream(container.get("ports").spliterator(), false))
        .extracting(port -> port.get("name").asText())
        .containsExactly("http", "management");
  }

  @Test
  void runsWithoutRightsOverTheNodeOrTheCluster() throws IOException {
    JsonNode pod =
        object(render(MINIMAL.resolve("in-values.yaml")), "Deployment").at("/spec/template/spec");

    assertThat(pod.get("automountServiceAccountToken").asBoolean()).isFalse();
    assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
    assertThat(pod.at("/containers/0/securityContext/readOnlyRootFilesystem").asBoolean()).isTrue();
    assertThat(pod.at("/containers/0/securityContext/capabilities/drop/0").asText())
        .isEqualTo("ALL");
  }

  @Test
  void writesAConfigThatTheServerReads() throws IOException {
    JsonNode map = object(render(MINIMAL.resolve("in-values.yaml")), "ConfigMap");
    Path file = Files.createTempFile("outcrop", ".yaml");
    Files.writeString(file, map.at("/data/outcrop.yaml").asText());

    ServingConfig config = ConfigFile.read(file);

    JsonNode container =
        object(render(MINIMAL.resolve("in-values.yaml")), "Deployment")
            .at("/spec/template/spec/containers/0");
    assertThat(container.at("/ports/0/containerPort").asInt()).isEqualTo(config.http().port());
    assertThat(container.at("/ports/1/containerPort").asInt())
        .isEqualTo(config.management().port());
    assertThat(config.auth().keyFile().getParent())
        .isEqualTo(Path.of(container.at("/volumeMounts/1/mountPath").asText()));
  }

  @Test
  void refusesValuesWithoutAnImage() throws IOException {
    Path values = Files.createTempFile("values", ".yaml");
    Files.writeString(
        values, Files.readString(MINIMAL.resolve("in-values.yaml")).replace("image:", "imge:"));

    assertThatThrownBy(() -> render(values)).hasMessageContaining("imge");
  }
}
