package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.LintResult;
import dev.outcrop.helm.Rendering.Pods;
import dev.outcrop.serving.config.ModelConfig;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the chart promises, for each file of values in examples/ and the least values. */
class EveryExampleTest {

  /** Billions of parameters of the examples' models, each two bytes in memory. */
  private static final Map<String, Double> PARAMETERS =
      Map.of(
          "llama-8b", 8.0,
          "llama-70b", 70.6,
          "qwen3-06b", 0.8,
          "qwen3-17b", 2.1,
          "qwen3-8b", 8.2,
          "titan-embed", 0.4);

  static List<Path> values() {
    return Chart.valueFiles();
  }

  static List<Path> examples() {
    return Chart.examples("values-");
  }

  @ParameterizedTest
  @MethodSource("examples")
  void givesModelsTheMemoryThatTheirWeightsAndKvTake(Path values) {
    Rendering rendering = Chart.render(values);

    for (Pods pods : rendering.models()) {
      ResourceRequirements resources = pods.container().getResources();
      ModelConfig model = ConfigLaws.server(rendering, pods).models().getFirst();
      long kv = model.kvMemory().bytes() == 0 ? 1L << 30 : model.kvMemory().bytes();
      double used = 2e9 * PARAMETERS.get(pods.labels().get("outcrop.dev/model")) + kv + 0.5e9;
      assertThat(bytes(resources.getRequests())).as(pods.owner()).isGreaterThan(used);
      if (resources.getLimits() != null && resources.getLimits().containsKey("memory")) {
        assertThat(bytes(resources.getLimits())).as(pods.owner()).isGreaterThan(used * 4 / 3);
      }
    }
  }

  private static double bytes(Map<String, Quantity> resources) {
    return Quantity.getAmountInBytes(resources.get("memory")).doubleValue();
  }

  @ParameterizedTest
  @MethodSource("values")
  void passesTheStrictLint(Path values) {
    LintResult result = Chart.lint(values);

    assertThat(result.isFailed()).as(() -> String.join("\n", result.getMessages())).isFalse();
    assertThat(result.getMessages()).noneMatch(message -> message.contains("[WARNING]"));
  }

  @ParameterizedTest
  @MethodSource("values")
  void writesOnlyFieldsAndValuesThatTheirTypesHave(Path values) {
    assertThat(ObjectLaws.fields(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void keepsToTheNamespaceOfTheRelease(Path values) {
    assertThat(ObjectLaws.namespaces(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void givesNamesAndLabelsThatKubernetesTakes(Path values) {
    assertThat(ObjectLaws.names(Chart.render(values))).isEmpty();
    assertThat(ObjectLaws.labels(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void keepsNamesShortForTheLongestReleaseName(Path values) {
    Rendering rendering = Chart.render(values, "r".repeat(53), Chart.NAMESPACE);

    assertThat(ObjectLaws.names(rendering)).isEmpty();
    assertThat(SelectorLaws.meant(rendering)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void writesNoSecrets(Path values) {
    assertThat(ObjectLaws.secrets(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void keepsToTheRestrictedPodSecurityStandard(Path values) {
    assertThat(PodLaws.restricted(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void asksEachPodThreeDifferentQuestions(Path values) {
    assertThat(PodLaws.probes(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void givesEachPodTheTimeItsDrainTakes(Path values) {
    assertThat(ConfigLaws.grace(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void requestsAsManyDevicesAsItLimits(Path values) {
    assertThat(PodLaws.devices(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void runsImagesThatCanBeNamedAgain(Path values) {
    assertThat(PodLaws.images(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void mountsWhatIsThereAndUsesWhatItMounts(Path values) {
    assertThat(PodLaws.references(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void givesTheModelsPodsNoKeyToTheCluster(Path values) {
    assertThat(PodLaws.tokens(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void selectsThePodsItMeansAndNoOthers(Path values) {
    assertThat(SelectorLaws.meant(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void leadsEveryPortOfAServiceToAContainer(Path values) {
    assertThat(SelectorLaws.ports(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void monitorsReadPortsThatPodsHave(Path values) {
    assertThat(SelectorLaws.monitors(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void budgetsNeverHoldTheOnlyPod(Path values) {
    assertThat(SelectorLaws.budgets(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void leavesTheReplicasOfEachDeploymentToOne(Path values) {
    assertThat(ScalingLaws.one(Chart.render(values))).isEmpty();
    assertThat(ScalingLaws.waking(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void writesConfigsThatTheirProgramsRead(Path values) {
    assertThat(ConfigLaws.server(Chart.render(values))).isEmpty();
    assertThat(ConfigLaws.signals(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void grantsSignalsWhatItsCodeAsksForAndNothingElse(Path values) {
    assertThat(RightLaws.findings(Chart.render(values))).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void sharesNothingWithAnotherReleaseInItsNamespace(Path values) {
    Rendering one = Chart.render(values, "blue", Chart.NAMESPACE);
    Rendering other = Chart.render(values, "green", Chart.NAMESPACE);

    assertThat(one.names())
        .filteredOn(name -> !name.startsWith("APIService/")) // a cluster has one
        .doesNotContainAnyElementsOf(other.names());
    for (SelectorLaws.Selector selector : SelectorLaws.selectors(one)) {
      assertThat(SelectorLaws.found(other, selector)).as(selector.owner()).isEmpty();
    }
  }
}
