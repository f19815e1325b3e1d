package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.helm.Rendering.Pods;
import io.fabric8.kubernetes.api.model.APIService;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each mode of autoscaling renders. */
class ModesTest {
  private static final String ISSUER = "certificate: {signals: true, issuerRef: {name: ca}}, ";
  private static final String LLAMA = "example-outcrop-llama";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          none     | ''
          keda     | ScaledObject
          external | HorizontalPodAutoscaler
          hpa      | HorizontalPodAutoscaler
          """)
  void eachDeploymentHasTheScalerOfTheModeAndNoOther(String mode, String kind) {
    Rendering rendering = mode(mode, "");

    List<ScalingLaws.Scaler> scalers = ScalingLaws.scalers(rendering);
    assertThat(ScalingLaws.one(rendering)).isEmpty();
    assertThat(scalers)
        .isEqualTo(
            kind.isEmpty() ? List.of() : List.of(new ScalingLaws.Scaler(LLAMA, kind, LLAMA, 1, 4)));
    assertThat(rendering.one(Deployment.class, LLAMA).getSpec().getReplicas())
        .isEqualTo(kind.isEmpty() ? 1 : null);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          none     | false | 8082
          keda     | false | 8082 9091
          external | true  | 8082 6443
          hpa      | false | 8082
          """)
  void signalsOffersWhatTheModeAsks(String mode, boolean api, String ports) {
    Rendering rendering = mode(mode, "");

    assertThat(rendering.signals().container().getPorts())
        .extracting(port -> String.valueOf(port.getContainerPort()))
        .containsExactlyInAnyOrder(ports.split(" "));
    assertThat(rendering.all(APIService.class)).hasSize(api ? 1 : 0);
    assertThat(rendering.all(ClusterRoleBinding.class).isEmpty()).isEqualTo(!api);
  }

  @Test
  void kedaFindsTheScalerByItsServiceAndTheModelByItsId() {
    Rendering rendering = mode("keda", "");

    JsonNode trigger = rendering.kind("ScaledObject").getFirst().at("/spec/triggers/0");
    Service service = rendering.one(Service.class, "example-outcrop-signals");
    assertThat(trigger.at("/type").asText()).isEqualTo("external-push");
    assertThat(trigger.at("/metricType").asText()).isEqualTo("AverageValue");
    assertThat(trigger.at("/metadata/scalerAddress").asText())
        .isEqualTo(
            "%s.%s.svc:%d"
                .formatted(
                    service.getMetadata().getName(),
                    Chart.NAMESPACE,
                    service.getSpec().getPorts().getFirst().getPort()));
    assertThat(service.getSpec().getClusterIP()).isEqualTo("None");
    assertThat(trigger.at("/metadata/model").asText()).isEqualTo("meta.llama3-1-8b-instruct-v1:0");
    assertThat(trigger.at("/metadata/enableTLS").asText()).isEqualTo("true");
    assertThat(rendering.kind("TriggerAuthentication"))
        .singleElement()
        .extracting(kind -> kind.at("/metadata/name"))
        .isEqualTo(trigger.at("/authenticationRef/name"));
  }

  @Test
  void whatWakesAModelStandsBesideSignals() {
    JsonNode scaler =
        mode(
                "keda",
                "gateway: {httpRoute: {enabled: true, parentRefs: [{name: g}]}}, modelDefaults: {autoscaling: {min: 0, triggers: [{type: cron, metadata: {timezone: UTC}}]}}",
                "heldBy: gateway")
            .kind("ScaledObject")
            .getFirst();

    assertThat(scaler.at("/spec/minReplicaCount").asInt()).isZero();
    assertThat(scaler.at("/spec/triggers").findValuesAsText("type"))
        .containsExactly("external-push", "cron");
  }

  @Test
  void kedasAutoscalerHasANameThatNoOtherModeGives() {
    String name =
        mode("keda", "")
            .kind("ScaledObject")
            .getFirst()
            .at("/spec/advanced/horizontalPodAutoscalerConfig/name")
            .asText();

    assertThat(name).startsWith(LLAMA).hasSizeLessThanOrEqualTo(63);
    assertThat(mode("hpa", "").only(HorizontalPodAutoscaler.class).getMetadata().getName())
        .isNotEqualTo(name);
  }

  @Test
  void aScalerThatIsGoneTakesNoReplicaAway() {
    JsonNode fallback =
        mode("keda", "modelDefaults: {autoscaling: {min: 3}}")
            .kind("ScaledObject")
            .getFirst()
            .at("/spec/fallback");

    assertThat(fallback.get("behavior").asText()).isEqualTo("currentReplicasIfHigher");
    assertThat(fallback.get("replicas").asInt()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({"external, outcrop_desired_replicas", "hpa, outcrop_signals_desired_replicas"})
  void asksForWhatSignalsTellsOfTheModel(String mode, String name) {
    var scaler = mode(mode, "").only(HorizontalPodAutoscaler.class).getSpec();

    var metric = scaler.getMetrics().getFirst();
    assertThat(metric.getType()).isEqualTo("External");
    assertThat(metric.getExternal().getTarget().getType()).isEqualTo("AverageValue");
    assertThat(metric.getExternal().getTarget().getAverageValue().getAmount()).isEqualTo("1");
    assertThat(metric.getExternal().getMetric().getName()).isEqualTo(name);
    assertThat(metric.getExternal().getMetric().getSelector().getMatchLabels())
        .containsEntry("model", "meta.llama3-1-8b-instruct-v1-0");
    assertThat(scaler.getBehavior().getScaleDown().getStabilizationWindowSeconds()).isZero();
  }

  @Test
  void theApiServiceLeadsToThePortOfSignals() {
    Rendering rendering = mode("external", "");

    var target = rendering.only(APIService.class).getSpec().getService();
    Service service = rendering.one(Service.class, target.getName());
    assertThat(target.getNamespace()).isEqualTo(Chart.NAMESPACE);
    assertThat(service.getSpec().getPorts())
        .anyMatch(port -> port.getPort().equals(target.getPort()) && port.getName() != null);
    assertThat(rendering.only(APIService.class).getMetadata().getName())
        .isEqualTo("v1beta1.external.metrics.k8s.io");
  }

  @ParameterizedTest
  @CsvSource({"none", "keda", "external", "hpa"})
  void acceleratorsGoOneAtATimeAndProcessorsAreThereBeforeOthersGo(String mode) {
    Rendering cuda = mode(mode, "modelDefaults: {accelerator: cuda, devices: 2}");
    Rendering cpu = mode(mode, "");

    var scarce = cuda.one(Deployment.class, LLAMA).getSpec().getStrategy().getRollingUpdate();
    var plenty = cpu.one(Deployment.class, LLAMA).getSpec().getStrategy().getRollingUpdate();
    assertThat(scarce.getMaxSurge().getValue()).isEqualTo(0);
    assertThat(scarce.getMaxUnavailable().getValue()).isEqualTo(1);
    assertThat(plenty.getMaxUnavailable().getValue()).isEqualTo(0);
    Pods pods = cuda.models().getFirst();
    assertThat(pods.container().getResources().getLimits().get("nvidia.com/gpu").getAmount())
        .isEqualTo("2");
    assertThat(pods.template().getSpec().getTolerations())
        .anyMatch(toleration -> "nvidia.com/gpu".equals(toleration.getKey()));
  }

  @Test
  void theImageFollowsTheAccelerator() {
    assertThat(
            List.of("cpu", "cuda", "neuron").stream()
                .map(kind -> mode("none", "modelDefaults: {accelerator: " + kind + "}"))
                .map(rendering -> rendering.models().getFirst().container().getImage()))
        .containsExactly(
            "registry.example/outcrop-serving:0.1.0-cpu",
            "registry.example/outcrop-serving:0.1.0-cuda",
            "registry.example/outcrop-serving:0.1.0-neuron");
  }

  private static Rendering mode(String mode, String more) {
    return mode(mode, more, "");
  }

  private static Rendering mode(String mode, String more, String scaling) {
    return Chart.renderWith(
        "{%s autoscaling: {mode: %s%s}%s}"
            .formatted(
                mode.equals("none") || mode.equals("hpa") ? "" : ISSUER,
                mode,
                scaling.isEmpty() ? "" : ", " + scaling,
                more.isEmpty() ? "" : ", " + more));
  }
}
