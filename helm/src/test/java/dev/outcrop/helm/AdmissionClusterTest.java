package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What an API server takes of the chart, in a namespace where only restricted pods may be. */
@Tag("cluster")
final class AdmissionClusterTest {
  private static final Path SCHEMAS = Path.of("src/test/resources/third_party/crds");

  /** Kinds whose objects a controller of the cluster writes to as soon as they are there. */
  private static final Set<String> CONTROLLED =
      Set.of(
          "APIService",
          "Deployment",
          "HorizontalPodAutoscaler",
          "Job",
          "PersistentVolume",
          "PersistentVolumeClaim",
          "PodDisruptionBudget");

  private static TestCluster cluster;

  @BeforeAll
  static void begin() throws Exception {
    cluster = new TestCluster();
    try (Stream<Path> files = Files.list(SCHEMAS)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        define(file);
      }
    }
    cluster.apply(
        new PriorityClassBuilder()
            .withNewMetadata()
            .withName("inference") // which an example asks for
            .endMetadata()
            .withValue(1_000)
            .build());
  }

  @AfterAll
  static void end() {
    cluster.close();
  }

  /** Makes a definition of a published schema, named GROUP_VERSION_KIND.json. */
  private static void define(Path file) throws Exception {
    String[] parts = file.getFileName().toString().replace(".json", "").split("_");
    String kind = parts[2];
    String singular = kind.toLowerCase(Locale.ROOT);
    String plural =
        singular.endsWith("s")
            ? singular + "es"
            : singular.endsWith("y") && !singular.endsWith("ey")
                ? singular.substring(0, singular.length() - 1) + "ies"
                : singular + "s";
    ObjectMapper json = new ObjectMapper();
    ObjectNode schema = (ObjectNode) json.readTree(file.toFile());
    schema.put("type", "object");
    ObjectNode definition = json.createObjectNode();
    definition.put("apiVersion", "apiextensions.k8s.io/v1").put("kind", "CustomResourceDefinition");
    ObjectNode metadata = definition.putObject("metadata").put("name", plural + "." + parts[0]);
    metadata.putObject("annotations").put("api-approved.kubernetes.io", "unapproved, for a test");
    ObjectNode spec = definition.putObject("spec");
    boolean clusterWide = parts[0].startsWith("karpenter");
    spec.put("group", parts[0]).put("scope", clusterWide ? "Cluster" : "Namespaced");
    spec.putObject("names").put("kind", kind).put("plural", plural).put("singular", singular);
    ObjectNode version = spec.putArray("versions").addObject();
    version.put("name", parts[1]).put("served", true).put("storage", true);
    version.putObject("schema").set("openAPIV3Schema", schema);
    cluster.apply(Rendering.manifest(definition).typed());
    TestCluster.await(
        plural + " are served",
        () -> {
          try {
            cluster
                .client()
                .genericKubernetesResources(parts[0] + "/" + parts[1], kind)
                .inAnyNamespace()
                .list();
            return true;
          } catch (KubernetesClientException e) {
            return false;
          }
        });
  }

  static List<Path> valueFiles() {
    return Chart.valueFiles();
  }

  @ParameterizedTest
  @MethodSource("valueFiles")
  void takesEveryObjectByServerSideApplyTwiceWithoutAChange(Path values) {
    String namespace =
        "admission-" + values.getFileName().toString().replaceAll("values-|in-|\\.yaml", "");
    cluster.restrictedNamespace(namespace);
    Rendering rendering = Chart.render(values, Chart.RELEASE, namespace);

    for (Rendering.Manifest manifest : rendering.manifests()) {
      if (!manifest.isHook()) {
        ObjectMeta first = cluster.apply(manifest.typed()).getMetadata();
        ObjectMeta second = cluster.apply(manifest.typed()).getMetadata();
        assertThat(second.getManagedFields()).as("owners of " + manifest.id()).isNotEmpty();
        assertThat(second.getGeneration()).as(manifest.id()).isEqualTo(first.getGeneration());
        if (!CONTROLLED.contains(manifest.typed().getKind())) {
          assertThat(second.getResourceVersion())
              .as(manifest.id())
              .isEqualTo(first.getResourceVersion());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("valueFiles")
  void everyDeploymentAndJobGetsItsPodsInARestrictedNamespace(Path values) throws Exception {
    String namespace =
        "pods-" + values.getFileName().toString().replaceAll("values-|in-|\\.yaml", "");
    cluster.restrictedNamespace(namespace);
    Rendering rendering = Chart.render(values, Chart.RELEASE, namespace);
    for (Rendering.Manifest manifest : rendering.manifests()) {
      if (!manifest.isHook()) {
        cluster.apply(manifest.typed());
      }
    }

    for (Deployment deployment : rendering.all(Deployment.class)) {
      Integer replicas = deployment.getSpec().getReplicas();
      int wanted = replicas == null ? 1 : replicas;
      String name = deployment.getMetadata().getName();
      TestCluster.await(
          wanted + " pods of " + name,
          () -> {
            Deployment now =
                cluster.client().apps().deployments().inNamespace(namespace).withName(name).get();
            Integer pods = now.getStatus().getReplicas();
            return pods != null && pods == wanted;
          });
    }
    for (Job job : rendering.all(Job.class)) {
      cluster.apply( // one that the values name is made by who installs the chart
          new ServiceAccountBuilder()
              .withNewMetadata()
              .withNamespace(namespace)
              .withName(job.getSpec().getTemplate().getSpec().getServiceAccountName())
              .endMetadata()
              .build());
      String name = job.getMetadata().getName();
      TestCluster.await(
          "the pod of " + name,
          () -> {
            Job now =
                cluster.client().batch().v1().jobs().inNamespace(namespace).withName(name).get();
            JobStatus status = now.getStatus();
            return status != null && Integer.valueOf(1).equals(status.getActive());
          });
    }
    for (Rendering.Manifest hook : rendering.manifests()) {
      if (hook.isHook() && hook.typed() instanceof Pod) {
        cluster.apply(hook.typed());
      }
    }
  }

  /** That the namespace refuses at all is what the tests above rest on. */
  @Test
  void refusesAPodThatIsNotRestricted() throws IOException {
    cluster.restrictedNamespace("admission-refuses");
    JsonNode pod =
        Chart.YAML.readTree(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: root, namespace: admission-refuses}
            spec: {containers: [{name: a, image: a}]}
            """);

    assertThatThrownBy(() -> cluster.apply(Rendering.manifest(pod).typed()))
        .hasMessageContaining("violates PodSecurity \"restricted:latest\"");
  }

  @Test
  void theApiServerRefusesAFieldThatNoTypeKnows() throws IOException {
    cluster.restrictedNamespace("admission-strict");
    JsonNode pod =
        Chart.YAML.readTree(
            """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: a, namespace: admission-strict}
            dta: {a: b}
            """);

    assertThatThrownBy(() -> cluster.apply(Rendering.manifest(pod).typed()))
        .hasMessageContaining("dta");
  }
}
