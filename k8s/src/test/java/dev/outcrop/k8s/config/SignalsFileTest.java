package dev.outcrop.k8s.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.k8s.policy.PolicySettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignalsFileTest {
  private static final Map<String, String> POD =
      Map.of("POD_NAMESPACE", "models", "POD_NAME", "signals-0");

  private static final String LEAST =
      """
      models:
      - id: meta.llama3-1-8b-instruct-v1:0
        workload: outcrop-llama
        selector: {outcrop.dev/model: llama}
      """;

  private static SignalsConfig parse(String text) {
    return SignalsFile.parse(text, "signals.yaml", POD);
  }

  @Test
  void takesDefaultsWhereTheFileIsSilent() {
    SignalsConfig config = parse(LEAST);

    assertThat(config.namespace()).isEqualTo("models");
    assertThat(config.identity()).isEqualTo("signals-0");
    assertThat(config.poll()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.lease().writeTimeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.replicasConfigMap()).isNull();
    assertThat(config.management().port()).isEqualTo(8082);
    assertThat(config.scaler().enabled()).isFalse();
    ModelConfig model = config.models().getFirst();
    assertThat(model.managementPort()).isEqualTo(8081);
    assertThat(model.selector()).containsExactly(Map.entry("outcrop.dev/model", "llama"));
    assertThat(model.policy()).isEqualTo(PolicySettings.between(1, 1));
  }

  @Test
  void takesAllThatTheFileSays() {
    SignalsConfig config =
        parse(
            """
            namespace: other
            identity: me
            poll: 500ms
            lease: {duration: 30s}
            replicas-config-map: outcrop-replicas
            deletion-cost: false
            scaler: {enabled: true, certificate-file: /tls/tls.crt, key-file: /tls/tls.key}
            models:
            - id: a
              workload: w
              selector: {a: b}
              min: 2
              max: 8
              ttft-budget: 750ms
              kv-target: 0.7
              knee: 12
              scale-down-window: 10m
            """);

    assertThat(config.namespace()).isEqualTo("other");
    assertThat(config.identity()).isEqualTo("me");
    assertThat(config.lease())
        .isEqualTo(
            new LeaseConfig(
                "outcrop-signals",
                Duration.ofSeconds(30),
                Duration.ofSeconds(10),
                Duration.ofSeconds(2)));
    assertThat(config.deletionCost()).isFalse();
    assertThat(config.scaler().keyFile()).isEqualTo(Path.of("/tls/tls.key"));
    assertThat(config.models().getFirst().knee()).isEqualTo(12);
    assertThat(config.models().getFirst().policy().targets().firstToken())
        .isEqualTo(Duration.ofMillis(750));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pol: 5s | signals.yaml: pol is not a known key; known are [deletion-cost,",
        "poll: 5 | signals.yaml: poll must be a duration such as",
        "poll: [5s] | signals.yaml: poll must be a duration such as",
        "poll: 1ms | signals.yaml: poll must be between",
        "lease: {renew-deadline: 20s} | signals.yaml: lease.renew-deadline must be at least 1 s shorter than",
        "lease: {renew-deadline: 14001ms} | signals.yaml: lease.renew-deadline must be at least 1 s shorter than",
        "lease: {nam: x} | signals.yaml: lease.nam is not a known key",
        "lease: 15s | signals.yaml: lease must be a mapping",
        "management: {port: 70000} | signals.yaml: management.port must be between 0 and 65535",
        "management: {port: '8082'} | signals.yaml: management.port must be a whole number",
        "management: {port: 80.5} | signals.yaml: management.port must be a whole number",
        "deletion-cost: 1 | signals.yaml: deletion-cost must be true or false",
        "namespace: My_Space | signals.yaml: namespace must be a name of Kubernetes",
        "scaler: {key-file: a} | signals.yaml: scaler.certificate-file and key-file belong together",
        "external-metrics: {certificate-file: a} | signals.yaml: external-metrics.certificate-file and key-file belong",
        "management: {port: 1, port: 2} | signals.yaml: line 1: Duplicate",
        "poll: {5s | signals.yaml: line "
      })
  void namesFileAndKeyOfWhatIsWrong(String line, String message) {
    assertThatThrownBy(() -> parse(line + "\n" + LEAST))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ttft-budgt: 1s | signals.yaml: models[0].ttft-budgt is not a known key",
        "max: 0 | signals.yaml: models[0].max must be between 1",
        "min: 2 | signals.yaml: models[0].min must be at most max",
        "min: -1 | signals.yaml: models[0].min must not be negative",
        "kv-target: 80 | signals.yaml: models[0].kv-target must be above 0",
        "startup: 25h | signals.yaml: models[0].startup must be between 0 ms and 86400000 ms",
        "up-interval: 25h | signals.yaml: models[0].up-interval must be between 0 ms",
        "down-interval: 25h | signals.yaml: models[0].down-interval must be between 0 ms",
        "knee: many | signals.yaml: models[0].knee must be a number",
        "selector: {} | signals.yaml: models[0].selector must name at least one label",
        "workload: | signals.yaml: models[0].workload is required"
      })
  void namesTheModelsKeyThatIsWrong(String line, String message) {
    String model = "models:\n- id: a\n  workload: w\n  selector: {a: b}\n";
    String key = line.substring(0, line.indexOf(':'));
    String text = model.replaceAll("(?m)^ +" + key + ":.*\n", "") + "  " + line + "\n";

    assertThatThrownBy(() -> parse(text)).hasMessageContaining(message);
  }

  @Test
  void needsAModelAndANamespace() {
    assertThatThrownBy(() -> parse("models: []"))
        .hasMessage("signals.yaml: models must name at least one");
    assertThatThrownBy(() -> parse("poll: 5s")).hasMessage("signals.yaml: models is required");
    assertThatThrownBy(() -> parse(""))
        .hasMessage("signals.yaml: the file must be a mapping of keys");
    assertThatThrownBy(() -> SignalsFile.parse(LEAST, "signals.yaml", Map.of()))
        .hasMessageContaining("signals.yaml: namespace is required");
  }

  @Test
  void rejectsTwoModelsWithOneIdAndTwoSelectorsOfOneWorkload() {
    assertThatThrownBy(() -> parse(LEAST + LEAST.substring(LEAST.indexOf('-'))))
        .hasMessageContaining("signals.yaml: models must have ids of their own");
    assertThatThrownBy(
            () -> parse(LEAST + "- {id: b, workload: outcrop-llama, selector: {other: label}}"))
        .hasMessageContaining("signals.yaml: models of one workload must have one selector");
  }

  @Test
  void rejectsTwoModelsThatExternalMetricsWouldAddUp() {
    String arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/";
    String models =
        """
        models:
        - {id: "%1$sa", workload: a, selector: {a: b}}
        - {id: "%1$sb", workload: b, selector: {c: d}}
        """
            .formatted(arn);

    assertThat(parse(models).models()).hasSize(2);
    assertThatThrownBy(() -> parse("external-metrics: {enabled: true}\n" + models))
        .hasMessage(
            "signals.yaml: models must differ in the label that external-metrics gives them, "
                + (arn + "a and " + arn + "b are both ")
                + "arn-aws-bedrock-us-east-1-123456789012-application-inference-pr");
  }
}
