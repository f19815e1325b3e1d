package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Spoils a rendering in one place and sees that a law tells of it: a law that finds nothing ever is
 * worth nothing.
 */
class LawsTest {
  private static final Rendering WHOLE =
      Chart.renderWith(
          """
          {autoscaling: {mode: keda}, monitoring: {scrape: podMonitor}, certificate: {signals: true, issuerRef: {name: ca}},
           modelDefaults: {accelerator: cuda}}
          """);

  private static java.util.List<String> spoiled(String from, String to) {
    String text = WHOLE.text().replace(from, to);
    assertThat(text).as("no " + from).isNotEqualTo(WHOLE.text());
    return Laws.findings(WHOLE.with(text));
  }

  @Test
  void findsNothingInWhatIsWhole() {
    assertThat(Laws.findings(WHOLE)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          minReadySeconds: | minReadySecs: | no such field
          value: "true" | value: true | which the type takes as "true"
          containerPort: 8080 | containerPort: "8080" | which the type takes as 8080
          cooldownPeriod: 600 | coolDownPeriod: 600 | coolDownPeriod
          cooldownPeriod: 600 | cooldownPeriod: long | cooldownPeriod
          podMetricsEndpoints: | podMetricEndpoints: | podMetricEndpoints
          namespace: models | namespace: default | namespaces: Deployment/example-outcrop-llama lies in namespace default
          name: example-outcrop-llama | name: Example | is no name
          app.kubernetes.io/managed-by: Helm | app.kubernetes.io/managed: Helm | lacks labels of the release
          path: /livez | path: /readyz | two probes ask the same
          failureThreshold: 360 | failureThreshold: 5 | a start has less time than a silent pod
          progressDeadlineSeconds: 2400 | progressDeadlineSeconds: 1800 | a rollout fails before
          runAsNonRoot: true | runAsNonRoot: false | may run as root
          runAsUser: 10001 | runAsUser: 0 | runs as root
          type: RuntimeDefault | type: Unconfined | has no seccomp profile
          drop: ["ALL"] | drop: ["CHOWN"] | keeps capabilities
          allowPrivilegeEscalation: false | allowPrivilegeEscalation: true | may gain privileges
          emptyDir: {} | hostPath: {path: /} | volume tmp is a hostPath
          enableServiceLinks: false | enableServiceLinks: true | takes the names of Services
          automountServiceAccountToken: false | automountServiceAccountToken: true | mounts the account's token
          outcrop-serving:0.1.0-cuda | outcrop-serving:latest | images: Deployment/example-outcrop-llama runs
          mountPath: /etc/outcrop-keys | mountPath: /etc/outcrop | mounts two volumes at
          workload: example-outcrop-llama | workload: example-outcrop-other | signals finds the pods of
          targetPort: http | targetPort: web | leads to port web
          name: management | name: metrics | PodMonitor reads
          maxUnavailable: 1 | maxUnavailable: 0 | lets no pod go
          terminationGracePeriodSeconds: 335 | terminationGracePeriodSeconds: 314 | is killed after 314 s
          port: 8082 | port: 8083 | looks or listens elsewhere
          drain-timeout: 300s | drain-tmeout: 300s | the server refuses its file
          kv-target: | kv-targets: | signals refuses its file
          verbs: [create] | verbs: [create, delete] | rights: Role
          resources: [pods] | resources: [secrets] | rights: Role
          maxReplicaCount: 4 | maxReplicaCount: 0 | less at most than at least
          minReplicaCount: 1 | minReplicaCount: 0 | waking: example-outcrop-llama goes to none
          """)
  void tellsWhatIsSpoiled(String from, String to, String finding) {
    assertThat(spoiled(from, to)).anyMatch(found -> found.contains(finding));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          Service | name: example-outcrop-other | outcrop.dev/model: other | outcrop.dev/model: llama | Service/example-outcrop-other finds Deployment/example-outcrop-llama of another
          Service | name: example-outcrop-other | outcrop.dev/model: other | outcrop.dev/model: none | Service/example-outcrop-other finds []
          Service | name: example-outcrop-signals | component: signals | component: serving | Service/example-outcrop-signals finds
          PodDisruptionBudget | name: example-outcrop-other | outcrop.dev/model: other | outcrop.dev/model: llama | PodDisruptionBudget/example-outcrop-other finds Deployment/example-outcrop-llama of another
          NetworkPolicy | name: example-outcrop-other | outcrop.dev/model: other | outcrop.dev/model: none | Deployment/example-outcrop-other is open
          NetworkPolicy | name: example-outcrop-other | [Ingress, Egress] | [Ingress] | Deployment/example-outcrop-other is open: no policy for Egress
          Deployment | name: example-outcrop-other | nvidia.com/gpu: "1" | nvidia.com/gpu: "2" | devices: Deployment/example-outcrop-other
          """)
  void tellsWhatIsSpoiledInOneObject(
      String kind, String name, String from, String to, String finding) {
    Rendering two =
        Chart.renderWith(
            """
            {autoscaling: {mode: keda}, models: [{name: llama, id: l, source: {pvc: {claim: c}}},
              {name: other, id: o, accelerator: cuda, source: {pvc: {claim: c}}}]}
            """);
    assertThat(Laws.findings(two)).isEmpty();
    String spoiled =
        Stream.of(two.text().split("(?m)^---\n"))
            .map(
                object ->
                    object.contains("\nkind: " + kind + "\n")
                            && object.contains("\n  " + name + "\n")
                        ? inSpec(object, from, to)
                        : object)
            .collect(Collectors.joining("---\n"));

    assertThat(spoiled).as("no " + from).isNotEqualTo(two.text());
    assertThat(Laws.findings(two.with(spoiled))).anyMatch(found -> found.contains(finding));
  }

  /** Replaces the first of a text in the spec. */
  private static String inSpec(String object, String from, String to) {
    int spec = object.indexOf("\nspec:");
    return object.substring(0, spec)
        + object.substring(spec).replaceFirst(Pattern.quote(from), Matcher.quoteReplacement(to));
  }

  @Test
  void tellsOfPoliciesThatAreMissingUnlessNobodyWantsAny() {
    String none =
        Stream.of(WHOLE.text().split("(?m)^---\n"))
            .filter(object -> !object.contains("\nkind: NetworkPolicy\n"))
            .collect(Collectors.joining("---\n"));
    Rendering open = Chart.renderWith("networkPolicy: {enabled: false}");

    assertThat(Laws.findings(WHOLE.with(none)))
        .contains(
            "closed: Deployment/example-outcrop-llama is open: no policy for Ingress",
            "closed: Deployment/example-outcrop-signals is open: no policy for Egress");
    assertThat(Laws.findings(open)).isEmpty();
  }

  @Test
  void tellsOfASecretAndOfASecondScaler() {
    String more =
        """
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: s, namespace: models}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: second, namespace: models}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: example-outcrop-llama}
          maxReplicas: 2
        """;

    assertThat(Laws.findings(WHOLE.with(WHOLE.text() + more)))
        .contains("secrets: Secret s", "scaling: example-outcrop-llama's replicas are set by 2");
  }
}
