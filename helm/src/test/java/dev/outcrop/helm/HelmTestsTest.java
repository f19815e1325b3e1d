package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.helm.NetworkFlows.End;
import dev.outcrop.helm.Rendering.Pods;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Service;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What {@code helm test} runs. */
class HelmTestsTest {
  private static final String KEY = "tests: {keySecret: tester}";
  private static final String TWO =
      """
      {tests: {keySecret: tester, models: [llama]}, tls: {secret: certificate}, models: [
        {name: llama, id: 'm:0', source: {pvc: {claim: c}}}, {name: embed, id: 'e:0', source: {pvc: {claim: c}}}]}
      """;

  static List<String> values() {
    return List.of("{}", KEY, TWO, "server: {http: {port: 9000}, management: {port: 9001}}");
  }

  private static List<Pods> tests(Rendering rendering) {
    return rendering.pods().stream().filter(Pods::hook).toList();
  }

  private static List<String> names(Rendering rendering) {
    return tests(rendering).stream().map(Pods::owner).toList();
  }

  @Test
  void asksForTextOnlyWithAKey() {
    assertThat(names(Chart.renderWith("{}")))
        .containsExactlyInAnyOrder(
            "Pod/example-outcrop-test-metrics", "Pod/example-outcrop-test-refused");
    assertThat(names(Chart.renderWith(KEY)))
        .contains("Pod/example-outcrop-test-converse", "Pod/example-outcrop-test-stream")
        .hasSize(4);
  }

  @Test
  void asksOnlyTheModelsForTextThatAreNamedAndAllOthersForTheRest() {
    for (Pods pods : tests(Chart.renderWith(TWO))) {
      boolean text = pods.owner().endsWith("converse") || pods.owner().endsWith("stream");
      assertThat(pods.containers())
          .extracting(Container::getName)
          .isEqualTo(text ? List.of("llama") : List.of("llama", "embed"));
    }
  }

  @Test
  void asksAModelThatMayHaveNoPodOnlyWhereItIsNamed() {
    String values =
        """
        {tests: {models: [%s]}, autoscaling: {mode: keda, heldBy: keda-http}, models: [
          {name: llama, id: 'm:0', source: {pvc: {claim: c}}, autoscaling: {min: 0, triggers: [{type: cron}]}},
          {name: embed, id: 'e:0', source: {pvc: {claim: c}}}]}
        """;

    assertThat(tests(Chart.renderWith(values.formatted("embed"))))
        .isNotEmpty()
        .allSatisfy(
            pods -> assertThat(pods.containers()).extracting("name").containsExactly("embed"));
    assertThat(tests(Chart.renderWith(values.formatted("llama"))))
        .isNotEmpty()
        .allSatisfy(
            pods ->
                assertThat(pods.containers()).extracting("name").containsExactly("llama", "embed"));
    assertThat(
            tests(
                Chart.renderWith(
                    "{autoscaling: {mode: keda, heldBy: keda-http}, modelDefaults: {autoscaling: {min: 0, triggers: [{type: cron}]}}}")))
        .isEmpty();
  }

  @Test
  void keepsPodsUntilTheirLogsAreRead() {
    for (Pods pods : tests(Chart.renderWith("{}"))) {
      assertThat(pods.template().getMetadata().getAnnotations())
          .containsEntry("helm.sh/hook-delete-policy", "before-hook-creation");
    }
  }

  @ParameterizedTest
  @MethodSource("values")
  void callsServicesByCommandsThatTheImageHas(String values) throws Exception {
    Rendering rendering = Chart.renderWith(values);

    for (Pods pods : tests(rendering)) {
      for (Container container : pods.containers()) {
        List<String> arguments = container.getArgs();
        assertThat(arguments.getFirst()).isEqualTo("probe");
        assertThat(arguments).contains("--wait");
        Class<?> command = Class.forName("dev.outcrop.serving.cli.ProbeCommand");
        Constructor<?> constructor = command.getDeclaredConstructor();
        constructor.setAccessible(true);
        new CommandLine(constructor.newInstance())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .parseArgs(arguments.subList(1, arguments.size()).toArray(String[]::new));
        URI url = URI.create(arguments.get(1));
        Service service = rendering.one(Service.class, url.getHost());
        assertThat(service.getSpec().getPorts())
            .anyMatch(port -> port.getPort().equals(url.getPort()));
        assertThat(reached(rendering, pods, service, url)).as(url.toString()).isTrue();
      }
    }
  }

  /** Whether the policies let a test through to every pod behind a Service. */
  private static boolean reached(Rendering rendering, Pods test, Service service, URI url) {
    Object target =
        service.getSpec().getPorts().stream()
            .filter(port -> port.getPort().equals(url.getPort()))
            .findFirst()
            .orElseThrow()
            .getTargetPort()
            .getValue();
    return rendering.models().stream()
        .filter(
            model ->
                model.labels().entrySet().containsAll(service.getSpec().getSelector().entrySet()))
        .allMatch(
            model ->
                new NetworkFlows(rendering)
                    .reaches(
                        End.pod(Chart.NAMESPACE, test.labels()),
                        model.labels(),
                        ConfigLaws.port(model.container(), target.toString()),
                        Map.of()));
  }

  @Test
  void takesTheCertificateWithoutItsKey() {
    assertThat(tests(Chart.renderWith(TWO)))
        .filteredOn(pods -> !pods.owner().endsWith("metrics"))
        .allSatisfy(
            pods ->
                assertThat(pods.template().getSpec().getVolumes())
                    .filteredOn(volume -> volume.getName().equals("tls"))
                    .singleElement()
                    .satisfies(
                        volume ->
                            assertThat(volume.getSecret().getItems())
                                .extracting(item -> item.getKey())
                                .containsExactly("tls.crt")));
  }

  @ParameterizedTest
  @MethodSource("values")
  void keepsThePromisesOfTheOtherPods(String values) {
    assertThat(Laws.findings(Chart.renderWith(values))).isEmpty();
  }
}
