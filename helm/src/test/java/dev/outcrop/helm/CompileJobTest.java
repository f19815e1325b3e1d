package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.outcrop.helm.Rendering.Pods;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The job that compiles a model for Neuron: what it is told, where it writes, when it is new. */
class CompileJobTest {
  private static final Path PROGRAM = Path.of("../models/neuron/compile.py");

  private static final String CLAIM = "pvc: {claim: models, path: /llama-inf2/}";
  private static final String FETCHED =
      "prefetch: {uri: 's3://b/llama-inf2', region: eu-west-1, volume: {type: emptyDir, size: 20Gi}}";
  private static final String FROM_CLAIM = "from: {pvc: {claim: models, path: llama}}";
  private static final String FROM_S3 = "from: {s3: {uri: 's3://b/llama'}}";

  private static Rendering rendering(String source, String compile) {
    return Chart.renderWith(
        """
        models: [{name: llama, id: 'm:0', accelerator: neuron, source: {%s},
          neuron: {compile: {enabled: true, target: inf2, %s}}}]
        """
            .formatted(source, compile));
  }

  private static PodSpec pod(Rendering rendering) {
    return rendering.only(Job.class).getSpec().getTemplate().getSpec();
  }

  private static Container container(Rendering rendering) {
    return pod(rendering).getContainers().getFirst();
  }

  @Test
  void isThereOnlyWhereItIsWanted() {
    assertThat(Chart.renderWith("modelDefaults: {accelerator: neuron}").all(Job.class)).isEmpty();
    assertThat(rendering(CLAIM, FROM_CLAIM).all(Job.class)).hasSize(1);
  }

  @Test
  void tellsTheCompilerWhatTheValuesSay() {
    Rendering claim =
        rendering(
            CLAIM,
            FROM_CLAIM
                + """
                , tensorParallel: 2, slots: 1048576, prefillTokens: [64, 1000000], decodeRows: [1, 16], contexts: [256, 1048576],
                  dtype: float32, sampling: device, cache: {claim: models, path: /kept/}, args: [--jobs=4, '--compiler-args=-O2 "x"']
                """);
    Rendering s3 = rendering(FETCHED, FROM_S3);

    assertThat(container(claim).getArgs())
        .containsExactly(
            "--model=/model/llama",
            "--output=/bundle/llama-inf2",
            "--model-id=m:0",
            "--target=inf2",
            "--tensor-parallel=2",
            "--slots=1048576",
            "--contexts=256,1048576",
            "--decode-rows=1,16",
            "--prefill-tokens=64,1000000",
            "--dtype=float32",
            "--sampling=device",
            "--cache=/cache/kept",
            "--jobs=4",
            "--compiler-args=-O2 \"x\"");
    assertThat(container(s3).getArgs())
        .containsExactly(
            "--model=s3://b/llama",
            "--output=s3://b/llama-inf2",
            "--model-id=m:0",
            "--target=inf2",
            "--tensor-parallel=2",
            "--slots=8",
            "--dtype=bfloat16",
            "--sampling=host");
    assertThat(container(s3).getEnv())
        .anySatisfy(
            variable -> {
              assertThat(variable.getName()).isEqualTo("AWS_DEFAULT_REGION");
              assertThat(variable.getValue()).isEqualTo("eu-west-1");
            });
  }

  @ParameterizedTest
  @CsvSource({
    "inf2, 1, neuron, 2",
    "trn1, 16, neuron, 32",
    "trn2, 1, neuron, 4",
    "inf2, 2, neuroncore, 2"
  })
  void sharesTheModelAmongAllCoresOfAPodWhereNothingElseIsSaid(
      String target, int devices, String resource, int cores) {
    Rendering rendering =
        Chart.renderWith(
            """
            models: [{name: llama, id: 'm:0', accelerator: neuron, source: {%s}, devices: %d,
              neuron: {resource: %s, compile: {enabled: true, target: %s, %s}}}]
            """
                .formatted(FETCHED, devices, resource, target, FROM_S3));

    assertThat(container(rendering).getArgs()).contains("--tensor-parallel=" + cores);
  }

  @Test
  void usesOnlyOptionsThatTheProgramHas() throws IOException {
    String program = Files.readString(PROGRAM);
    Rendering all =
        rendering(
            CLAIM,
            FROM_CLAIM + ", prefillTokens: [2], decodeRows: [1], contexts: [2], cache: {claim: c}");

    assertThat(container(all).getArgs())
        .hasSize(12)
        .allSatisfy(
            option -> assertThat(program).contains("add(\"" + option.split("=", 2)[0] + "\","));
    assertThat(program).contains("sys.exit(main())", "return 2"); // what no pod is tried again for
  }

  @Test
  void writesToTheFolderThatThePodsServe() {
    Rendering rendering = rendering(CLAIM, FROM_CLAIM + ", cache: {claim: kept}");

    assertThat(pod(rendering).getVolumes())
        .filteredOn(volume -> volume.getPersistentVolumeClaim() != null)
        .extracting(volume -> volume.getPersistentVolumeClaim().getClaimName())
        .containsExactly("kept", "models");
    assertThat(container(rendering).getVolumeMounts())
        .extracting(VolumeMount::getMountPath, VolumeMount::getReadOnly)
        .containsExactlyInAnyOrder(
            tuple("/model", true),
            tuple("/bundle", null),
            tuple("/cache", null),
            tuple("/tmp", null),
            tuple("/var/tmp", null));
    Pods serving = rendering.models().getFirst();
    assertThat(ConfigLaws.server(rendering, serving).models().getFirst().path())
        .isEqualTo(Path.of("/models/llama-inf2"));
    assertThat(serving.template().getSpec().getVolumes())
        .filteredOn(volume -> volume.getName().equals("models"))
        .allSatisfy(
            volume -> {
              assertThat(volume.getPersistentVolumeClaim().getClaimName()).isEqualTo("models");
              assertThat(volume.getPersistentVolumeClaim().getReadOnly()).isTrue();
            });
  }

  @Test
  void mountsAClaimReadOnlyOfWhichItOnlyReads() {
    assertThat(pod(rendering(FETCHED, FROM_CLAIM)).getVolumes())
        .filteredOn(volume -> volume.getPersistentVolumeClaim() != null)
        .singleElement()
        .satisfies(volume -> assertThat(volume.getPersistentVolumeClaim().getReadOnly()).isTrue());
  }

  @Test
  void podsFetchTheBundleWholeOrNotAtAll() {
    Container fetch =
        rendering(FETCHED, FROM_S3)
            .models()
            .getFirst()
            .template()
            .getSpec()
            .getInitContainers()
            .getFirst();

    assertThat(fetch.getArgs())
        .containsExactly(
            "models",
            "fetch",
            "--bundle",
            "--region=eu-west-1",
            "s3://b/llama-inf2",
            "/models/llama");
  }

  @Test
  void takesNoDeviceAndNoNodeOfThose() {
    PodSpec pod = pod(rendering(CLAIM, FROM_CLAIM));

    assertThat(pod.getTolerations()).isEmpty();
    assertThat(pod.getResourceClaims()).isEmpty();
    assertThat(pod.getContainers().getFirst().getResources().getRequests())
        .containsOnlyKeys("cpu", "memory", "ephemeral-storage");
    assertThat(pod.getContainers().getFirst().getResources().getLimits()).isEmpty();
    assertThat(pod.getNodeSelector()).containsEntry("kubernetes.io/arch", "amd64");
  }

  @Test
  void isNotTriedAgainWhereItsArgumentsAreWrongNorFailedByALostNode() {
    var rules =
        rendering(CLAIM, FROM_CLAIM).only(Job.class).getSpec().getPodFailurePolicy().getRules();

    assertThat(rules).extracting("action").containsExactly("FailJob", "Ignore");
    assertThat(rules.getFirst().getOnExitCodes().getValues()).containsExactly(2);
    assertThat(rules.getFirst().getOnExitCodes().getContainerName())
        .isEqualTo(container(rendering(CLAIM, FROM_CLAIM)).getName());
  }

  /** Kubernetes changes no job, so that another takes its place, or none. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          slots: 16                          | true
          contexts: [512, 4096]              | true
          image: {tag: other}                | true
          resources: {limits: {memory: 99Gi}} | true
          activeDeadlineSeconds: 9000        | true
          slots: 8                           | false
          to: {pvc: {claim: models, path: llama-inf2}} | false
          """)
  void isAnotherWhereAnythingOfItIs(String change, boolean another) {
    Job one = rendering(CLAIM, FROM_CLAIM).only(Job.class);
    Job other = rendering(CLAIM, FROM_CLAIM + ", " + change).only(Job.class);

    assertThat(other.getSpec().equals(one.getSpec())).isEqualTo(!another);
    assertThat(other.getMetadata().getName().equals(one.getMetadata().getName()))
        .isEqualTo(!another);
    assertThat(one.getMetadata().getName()).matches("example-outcrop-llama-[0-9a-f]{6}");
  }

  @Test
  void staysWhereOnlyOtherObjectsChange() {
    String values =
        """
        {%s models: [{name: llama, id: m, accelerator: neuron, source: {%s}, neuron: {compile: {enabled: true, target: inf2, %s}}, %s}]}
        """;
    Job one = Chart.renderWith(values.formatted("", CLAIM, FROM_CLAIM, "")).only(Job.class);
    Job other =
        Chart.renderWith(
                values.formatted(
                    "monitoring: {scrape: podMonitor},", CLAIM, FROM_CLAIM, "replicas: 3"))
            .only(Job.class);

    assertThat(other).isEqualTo(one);
  }

  @Test
  void lawsHoldOfIt() {
    assertThat(Laws.findings(rendering(CLAIM, FROM_CLAIM))).isEmpty();
    assertThat(Laws.findings(rendering(FETCHED, FROM_S3))).isEmpty();
  }

  @Test
  void lawsTellWhereItIsOpen() {
    Rendering rendering = rendering(CLAIM, FROM_CLAIM);
    Rendering open =
        rendering.with(
            Stream.of(rendering.text().split("(?m)^---\n"))
                .filter(
                    object ->
                        !(object.contains("\nkind: NetworkPolicy\n")
                            && object.contains("component: compile\n")))
                .collect(Collectors.joining("---\n")));

    assertThat(Laws.findings(open))
        .hasSize(2)
        .allMatch(finding -> finding.startsWith("closed: Job/example-outcrop-llama-"));
  }

  @Test
  void notesTellOfItAndThatNobodyRanIt() throws IOException {
    Path values =
        Chart.valuesWith(
            """
            models: [{name: llama, id: m, accelerator: neuron, source: {%s}, neuron: {compile: {enabled: true, target: inf2, %s}}}]
            """
                .formatted(CLAIM, FROM_CLAIM));
    String job = Chart.render(values).only(Job.class).getMetadata().getName();

    assertThat(Chart.notes(values))
        .contains(
            "compiles pvc models/llama into pvc models/llama-inf2",
            "written, never run on an SDK",
            "kubectl wait job/" + job + " --for=condition=Complete",
            "Neuron is untested on hardware");
    assertThat(Chart.notes(Chart.valuesWith("modelDefaults: {accelerator: neuron}")))
        .contains("Neuron is untested on hardware")
        .doesNotContain("never run on an SDK");
    assertThat(Files.readString(Chart.FOLDER.resolve("README.md")))
        .contains("written, never run on an SDK");
  }

  @Test
  void labelsItsPodsAsNobodyElsesAre() {
    Rendering rendering = rendering(CLAIM, FROM_CLAIM);
    Pods job =
        rendering.pods().stream()
            .filter(pods -> pods.owner().startsWith("Job/"))
            .findFirst()
            .orElseThrow();

    assertThat(job.labels())
        .containsEntry("app.kubernetes.io/component", "compile")
        .containsEntry("outcrop.dev/model", "llama");
    assertThat(SelectorLaws.selectors(rendering))
        .noneMatch(selector -> selector.matches(job.labels()));
  }
}
