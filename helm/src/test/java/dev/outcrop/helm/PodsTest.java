package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.helm.Rendering.Pods;
import dev.outcrop.serving.config.ServingConfig;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How values shape the pods of a model. */
class PodsTest {
  private static final String LLAMA = "example-outcrop-llama";

  private static Pods pods(String more) {
    return Chart.renderWith(more).models().getFirst();
  }

  @Test
  void asksThreeDifferentQuestionsOfTheManagementPort() {
    Container container = pods("modelDefaults: {startupTimeoutSeconds: 1801}").container();

    assertThat(container.getStartupProbe().getHttpGet().getPath()).isEqualTo("/startupz");
    assertThat(container.getStartupProbe().getFailureThreshold()).isEqualTo(361);
    assertThat(container.getLivenessProbe().getHttpGet().getPath()).isEqualTo("/livez");
    assertThat(container.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/readyz");
  }

  @ParameterizedTest
  @CsvSource({"cpu, 300", "cuda, 1800", "neuron, 7200"})
  void givesAStartTheTimeThatItsAcceleratorTakes(String accelerator, int seconds) {
    var probe =
        pods("modelDefaults: {accelerator: " + accelerator + "}").container().getStartupProbe();

    assertThat(probe.getPeriodSeconds() * probe.getFailureThreshold()).isEqualTo(seconds);
  }

  @Test
  void graceCoversTheDrain() {
    Rendering rendering = Chart.renderWith("drain: {delaySeconds: 5, timeoutSeconds: 600}");

    Pods pods = rendering.models().getFirst();
    ServingConfig config = ConfigLaws.server(rendering, pods);
    assertThat(pods.template().getSpec().getTerminationGracePeriodSeconds())
        .isEqualTo(5 + 600 + 20);
    assertThat(config.drainDelay()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.drainTimeout()).isEqualTo(Duration.ofMinutes(10));
    assertThat(
            pods("drain: {gracePeriodSeconds: 900}")
                .template()
                .getSpec()
                .getTerminationGracePeriodSeconds())
        .isEqualTo(900);
  }

  @Test
  void probesAndServicesFollowThePorts() {
    Rendering rendering =
        Chart.renderWith("server: {http: {port: 9000}, management: {port: 9001}}");

    Container container = rendering.models().getFirst().container();
    assertThat(ConfigLaws.server(rendering)).isEmpty();
    assertThat(ConfigLaws.signals(rendering)).isEmpty();
    assertThat(ConfigLaws.port(container, "http")).isEqualTo(9000);
    assertThat(ConfigLaws.port(container, "management")).isEqualTo(9001);
    assertThat(rendering.models().getFirst().template().getMetadata().getAnnotations())
        .containsEntry("prometheus.io/port", "9001");
  }

  @Test
  void readsSecretsFromWhereItMountsThem() {
    Rendering rendering =
        Chart.renderWith(
            "{auth: {keysSecret: '', policySecret: p, adminKeySecret: a}, tls: {secret: certs}}");

    Pods pods = rendering.models().getFirst();
    ServingConfig config = ConfigLaws.server(rendering, pods);
    assertThat(pods.template().getSpec().getVolumes())
        .extracting(Volume::getSecret)
        .filteredOn(Objects::nonNull)
        .extracting(secret -> secret.getSecretName())
        .containsExactly("p", "a", "certs");
    assertThat(
            Stream.of(
                config.auth().policyFile(),
                config.management().adminKeyFile(),
                Objects.requireNonNull(config.http().tls()).certificateFile()))
        .allSatisfy(file -> assertThat(ConfigLaws.mounted(pods.container(), file)).isTrue());
    assertThat(rendering.one(Service.class, LLAMA).getSpec().getPorts().getFirst().getPort())
        .isEqualTo(443);
  }

  @Test
  void givesBatchJobsOnePodAtATime() {
    Deployment deployment =
        Chart.renderWith("server: {batch-jobs: {folder: /jobs}}").one(Deployment.class, LLAMA);

    assertThat(deployment.getSpec().getStrategy().getType()).isEqualTo("Recreate");
    assertThat(deployment.getSpec().getReplicas()).isEqualTo(1);
  }

  @Test
  void writesLargeNumbersAsTheServerReadsThem() {
    Rendering rendering = Chart.renderWith("server: {limits: {max-text-length: 16000000}}");

    assertThat(ConfigLaws.server(rendering, rendering.models().getFirst()).limits().maxTextLength())
        .isEqualTo(16_000_000);
  }

  @Test
  void startsAnewWhenItsConfigChangesAndOnlyThen() {
    String changed = checksum("server: {limits: {max-text-length: 1000}}");

    assertThat(changed).isNotEqualTo(checksum("{}"));
    assertThat(checksum("monitoring: {labels: {release: x}}")).isEqualTo(checksum("{}"));
  }

  /** Kubernetes changes no ResourceClaimTemplate, nor the source of a volume or a claim. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          source: {s3csi: {bucket: b, prefix: p}} | source: {s3csi: {bucket: b, prefix: q}}
          source: {s3csi: {bucket: b}} | source: {s3csi: {bucket: c}}
          source: {s3csi: {bucket: b}} | source: {s3csi: {bucket: b, region: eu-west-1}}
          source: {s3csi: {bucket: b}} | source: {s3csi: {bucket: b, mountOptions: [cache /tmp]}}
          source: {pvc: {claim: c, path: a}} | source: {pvc: {claim: c, path: b}}
          source: {image: {reference: 'r:1'}} | source: {image: {reference: 'r:2'}}
          source: {prefetch: {uri: 's3://b/m', volume: {type: emptyDir, size: 1Gi}}} | source: {prefetch: {uri: 's3://b/n', volume: {type: emptyDir, size: 1Gi}}}
          source: {pvc: {claim: c}}, accelerator: cuda, allocation: dra | source: {pvc: {claim: c}}, accelerator: cuda, allocation: dra, devices: 2
          source: {pvc: {claim: c}}, accelerator: cuda, allocation: dra | source: {pvc: {claim: c}}, accelerator: cuda, allocation: dra, dra: {deviceClass: mig}
          source: {pvc: {claim: c}}, accelerator: cuda, allocation: dra | source: {pvc: {claim: c}}, accelerator: cuda, allocation: dra, dra: {constraints: [{matchAttribute: a/b}]}
          """)
  void startsAnewByOtherObjectsWhereWeightsOrDevicesAreOthers(String before, String after) {
    String model = "models: [{name: llama, id: m, %s}]";
    Rendering one = Chart.renderWith(model.formatted(before));
    Rendering other = Chart.renderWith(model.formatted(after));

    assertThat(one.models().getFirst().template())
        .isNotEqualTo(other.models().getFirst().template());
    assertThat(unchangeable(one)).noneMatch(unchangeable(other)::contains);
    assertThat(unchangeable(one))
        .isEqualTo(unchangeable(Chart.renderWith(model.formatted(before))));
    assertThat(Laws.findings(other)).isEmpty();
  }

  private static List<String> unchangeable(Rendering rendering) {
    return rendering.names().stream()
        .filter(name -> name.matches("(ResourceClaimTemplate|PersistentVolume(Claim)?)/.*"))
        .toList();
  }

  private static String checksum(String more) {
    return pods(more).template().getMetadata().getAnnotations().get("checksum/config");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          pvc: {claim: c, path: a/b}                                          | /models/a/b
          pvc: {claim: c}                                                     | /models
          s3csi: {bucket: b, prefix: p}                                       | /models
          image: {reference: 'r:1', path: w}                                  | /models/w
          prefetch: {uri: 's3://b/m', volume: {type: emptyDir, size: 20Gi}}   | /models/llama
          prefetch: {uri: 's3://b/m', volume: {type: ephemeral, size: 20Gi}}  | /models/llama
          """)
  void readsTheModelFromWhereItsSourcePutsIt(String source, String path) {
    Rendering rendering =
        Chart.renderWith("models: [{name: llama, id: m, source: {%s}}]".formatted(source));

    Pods pods = rendering.models().getFirst();
    assertThat(Laws.findings(rendering)).isEmpty();
    assertThat(ConfigLaws.server(rendering, pods).models().getFirst().path())
        .isEqualTo(Path.of(path));
    boolean fetched = source.startsWith("prefetch");
    assertThat(pods.template().getSpec().getInitContainers()).hasSize(fetched ? 1 : 0);
    if (fetched) {
      assertThat(pods.template().getSpec().getInitContainers().getFirst().getArgs())
          .isEqualTo(List.of("models", "fetch", "s3://b/m", path));
    }
  }

  @Test
  void notesTellWhereTheModelsAreAndWhatToMind() {
    assertThat(Chart.notes(Chart.MINIMAL))
        .contains("http://example-outcrop-llama.models", "Secret outcrop-keys", "cleartext");
    assertThat(Chart.notes(Chart.valuesWith("{tls: {secret: t}}")))
        .contains("https://example-outcrop-llama.models")
        .doesNotContain("cleartext");
  }
}
