package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.marcnuri.helm.Helm;
import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.ServingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    ServingConfig config = config(render(MINIMAL.resolve("in-values.yaml")));

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
  void graceCoversTheDrain() throws IOException {
    String rendered = renderWith("drain: {delaySeconds: 5, timeoutSeconds: 600}");

    JsonNode pod = object(rendered, "Deployment").at("/spec/template/spec");
    assertThat(pod.at("/containers/0/lifecycle/preStop/sleep/seconds").asInt()).isEqualTo(5);
    assertThat(pod.get("terminationGracePeriodSeconds").asInt()).isEqualTo(5 + 600 + 15);
    assertThat(config(rendered).drainTimeout()).isEqualTo(Duration.ofMinutes(10));
    assertThat(
            object(renderWith("terminationGracePeriodSeconds: 900"), "Deployment")
                .at("/spec/template/spec/terminationGracePeriodSeconds")
                .asInt())
        .isEqualTo(900);
  }

  @Test
  void probesAndServiceFollowThePorts() throws IOException {
    String rendered = renderConfig("http: {port: 9000}", "management: {port: 9001}");

    ServingConfig config = config(rendered);
    JsonNode pod = object(rendered, "Deployment").at("/spec/template");
    assertThat(config.http().host()).isEqualTo("0.0.0.0");
    assertThat(config.management().host()).isEqualTo("0.0.0.0");
    assertThat(config.http().port()).isEqualTo(9000);
    assertThat(pod.at("/spec/containers/0/ports/0/containerPort").asInt()).isEqualTo(9000);
    assertThat(pod.at("/spec/containers/0/ports/1/containerPort").asInt()).isEqualTo(9001);
    assertThat(pod.at("/metadata/annotations").get("prometheus.io/port").asText())
        .isEqualTo("9001");
  }

  @Test
  void mountsTheAdminKeyFromASecret() throws IOException {
    String rendered = renderWith("adminKeySecret: outcrop-admin");

    JsonNode pod = object(rendered, "Deployment").at("/spec/template/spec");
    assertThat(pod.at("/volumes/2/secret/secretName").asText()).isEqualTo("outcrop-admin");
    assertThat(config(rendered).management().adminKeyFile().getParent())
        .isEqualTo(Path.of(pod.at("/containers/0/volumeMounts/2/mountPath").asText()));
  }

  @Test
  void mountsThePolicyInPlaceOfTheKeys() throws IOException {
    String rendered = renderWith("{policySecret: outcrop-policy, keysSecret: ''}");

    JsonNode pod = object(rendered, "Deployment").at("/spec/template/spec");
    assertThat(pod.at("/volumes/1/secret/secretName").asText()).isEqualTo("outcrop-policy");
    assertThat(config(rendered).auth().keyFile()).isNull();
    assertThat(config(rendered).auth().policyFile())
        .isEqualTo(
            Path.of(pod.at("/containers/0/volumeMounts/1/mountPath").asText(), "policy.yaml"));
  }

  @Test
  void givesBatchInferenceAFolderAndCredentials() throws IOException {
    String rendered =
        renderWith(
            """
            serviceAccountName: batch
            extraEnv: [{name: AWS_REGION, value: eu-central-1}]
            extraVolumes: [{name: jobs, persistentVolumeClaim: {claimName: jobs}}]
            extraVolumeMounts: [{name: jobs, mountPath: /var/lib/outcrop}]
            config: {batch-jobs: {folder: /var/lib/outcrop/jobs, locations: ["s3://bucket/batch"]}}
            """);

    JsonNode deployment = object(rendered, "Deployment");
    JsonNode pod = deployment.at("/spec/template/spec");
    assertThat(deployment.at("/spec/strategy/type").asText()).isEqualTo("Recreate");
    assertThat(pod.get("serviceAccountName").asText()).isEqualTo("batch");
    assertThat(pod.get("automountServiceAccountToken").asBoolean()).isFalse();
    assertThat(pod.at("/containers/0/env/1/name").asText()).isEqualTo("AWS_REGION");
    assertThat(pod.at("/volumes/4/persistentVolumeClaim/claimName").asText()).isEqualTo("jobs");
    assertThat(config(rendered).batchJobs().folder())
        .startsWithRaw(Path.of(pod.at("/containers/0/volumeMounts/4/mountPath").asText()));
  }

  @Test
  void mountsTheCertificateFromASecret() throws IOException {
    String rendered = renderWith("tlsSecret: outcrop-tls");

    JsonNode pod = object(rendered, "Deployment").at("/spec/template/spec");
    assertThat(pod.at("/volumes/2/secret/secretName").asText()).isEqualTo("outcrop-tls");
    Path mounted = Path.of(pod.at("/containers/0/volumeMounts/2/mountPath").asText());
    assertThat(config(rendered).http().tls().certificateFile())
        .isEqualTo(mounted.resolve("tls.crt"));
    assertThat(config(rendered).http().tls().keyFile()).isEqualTo(mounted.resolve("tls.key"));
    assertThat(object(rendered, "Service").at("/spec/ports/0/port").asInt()).isEqualTo(443);
    assertThat(
            object(renderWith("{tlsSecret: t, service: {port: 8443}}"), "Service")
                .at("/spec/ports/0/port")
                .asInt())
        .isEqualTo(8443);
  }

  @Test
  void notesNameTheSecretAndTheWayThatWorks() throws IOException {
    assertThat(notes("{policySecret: outcrop-policy, keysSecret: ''}"))
        .contains("http://example-outcrop.default with", "Secret outcrop-policy.", "cleartext");
    assertThat(notes("{tlsSecret: outcrop-tls, service: {port: 8443}}"))
        .contains("https://example-outcrop.default:8443 with", "Secret outcrop-keys.")
        .doesNotContain("cleartext");
  }

  private static String notes(String more) throws IOException {
    String printed =
        new Helm(CHART)
            .install()
            .clientOnly()
            .dryRun()
            .withName("example")
            .withNamespace("default")
            .withValuesFile(valuesWith(more))
            .call()
            .getOutput();
    return printed.substring(printed.indexOf("NOTES:"));
  }

  @Test
  void writesLargeNumbersAsTheServerReadsThem() throws IOException {
    assertThat(config(renderConfig("limits: {max-text-length: 16000000}")).limits().maxTextLength())
        .isEqualTo(16_000_000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          image: {repository: ""}             | repository
          terminationGracePeriodSeconds: 329  | terminationGracePeriodSeconds is 329, which would cut streams
          config: {http: {port: 0}}           | port
          config: {http: {host: 127.0.0.1}}   | host
          config: {management: {host: "::1"}} | host
          config: {drain-timeout: 5m}         | drain.timeoutSeconds
          config: {management: {admin-key: 0123456789abcdef}} | adminKeySecret
          config: {models: []}                | models
          keysSecret: ""                      | neither keysSecret nor policySecret
          policySecret: p                     | keysSecret and policySecret are both named
          {replicas: 2, config: {batch-jobs: {folder: /jobs}}} | replicas is 2
          extraVolumes: [{emptyDir: {}}]      | name
          imge: {tag: a}                      | imge
          """)
  void refuses(String values, String message) {
    assertThatThrownBy(() -> renderWith(values)).hasMessageContaining(message);
  }

  @Test
  void refusesValuesWithoutARepository() throws IOException {
    Path values = Files.createTempFile("values", ".yaml");
    Files.writeString(
        values,
        Files.readString(MINIMAL.resolve("in-values.yaml"))
            .replaceFirst("(?m)^ +repository:.*\n", ""));

    assertThatThrownBy(() -> render(values)).hasMessageContaining("repository");
  }

  private static String renderConfig(String... entries) throws IOException {
    return renderWith("config:\n  " + String.join("\n  ", entries));
  }

  /** The minimal values with others over them. */
  private static String renderWith(String more) throws IOException {
    return render(valuesWith(more));
  }

  private static Path valuesWith(String more) throws IOException {
    ObjectNode values = (ObjectNode) YAML.readTree(MINIMAL.resolve("in-values.yaml").toFile());
    merge(values, YAML.readTree(more));
    Path file = Files.createTempFile("values", ".yaml");
    YAML.writeValue(file.toFile(), values);
    return file;
  }

  private static void merge(ObjectNode into, JsonNode more) {
    more.properties()
        .forEach(
            entry -> {
              if (into.get(entry.getKey()) instanceof ObjectNode inner
                  && entry.getValue().isObject()) {
                merge(inner, entry.getValue());
              } else {
                into.set(entry.getKey(), entry.getValue());
              }
            });
  }

  private static ServingConfig config(String rendered) throws IOException {
    Path file = Files.createTempFile("outcrop", ".yaml");
    Files.writeString(file, object(rendered, "ConfigMap").at("/data/outcrop.yaml").asText());
    return ConfigFile.read(file);
  }
}
