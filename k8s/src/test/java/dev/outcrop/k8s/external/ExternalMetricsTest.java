package dev.outcrop.k8s.external;

import static dev.outcrop.k8s.external.RunningApi.LLAMA;
import static dev.outcrop.k8s.external.RunningApi.assertThatIsError;
import static dev.outcrop.k8s.external.RunningApi.golden;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.k8s.external.ApiServer.Reply;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The external metrics API, asked as kube-apiserver asks. */
final class ExternalMetricsTest {
  private static final RunningApi RUNNING = new RunningApi();
  private static final ApiServer API = RUNNING.api;

  @BeforeEach
  void forget() {
    RUNNING.forget();
  }

  @AfterAll
  static void stop() {
    RUNNING.close();
  }

  @Test
  void tellsValuesAsTheApiWritesThem() throws Exception {
    RUNNING.conclude();

    Reply reply = API.send(API.read("outcrop_kv_use", null));

    assertThat(reply.contentType()).isEqualTo("application/json");
    assertThat(reply.json()).isEqualTo(golden("values"));
  }

  @ParameterizedTest
  @CsvSource({
    "outcrop_desired_replicas, 3, 1, 3",
    "outcrop_waiting_prompt_tokens, 54321, 16000, 4",
    "outcrop_waiting, 7, 5, 2",
    "outcrop_running, 12, 4, 3",
    "outcrop_kv_use, 1625m, 0.8, 3",
  })
  void autoscalerArrivesAtSumOverTarget(String metric, String value, double target, int replicas)
      throws Exception {
    RUNNING.conclude();

    JsonNode items =
        API.send(API.read(metric, "model=meta.llama3-1-8b-instruct-v1-0")).json().get("items");

    assertThat(items).hasSize(1);
    assertThat(items.get(0).get("value").asText()).isEqualTo(value);
    assertThat(Autoscaler.averageValue(items, target)).isEqualTo(replicas);
  }

  @Test
  void autoscalerThatNamesNoModelAddsThemUp() throws Exception {
    RUNNING.conclude();

    JsonNode items = API.send(API.read("outcrop_desired_replicas", null)).json().get("items");

    assertThat(Autoscaler.averageValue(items, 1)).isEqualTo(5);
  }

  @Test
  void listsNothingForSelectorThatSelectsNothing() throws Exception {
    RUNNING.conclude();

    Reply reply = API.send(API.read("outcrop_running", "model=other"));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.json().get("items")).isEmpty();
    assertThatThrownBy(() -> Autoscaler.averageValue(reply.json().get("items"), 1))
        .hasMessageContaining("no metrics returned");
  }

  /** An item that is left out would count as 0. */
  @Test
  void refusesWhereOneOfTheModelsWasNotRead() throws Exception {
    RUNNING.conclude();
    RUNNING.forget(LLAMA);

    assertThatIsError(
        API.send(API.read("outcrop_running", null)), 503, "ServiceUnavailable", LLAMA);
    assertThat(API.send(API.read("outcrop_running", "model=qwen3-8b")).status()).isEqualTo(200);
  }

  @Test
  void namesMetricAndNamespaceThatAreNotThere() throws Exception {
    assertThatIsError(
        API.send(API.read("queue", null)),
        404,
        "NotFound",
        "there is no external metric queue; these are: outcrop_desired_replicas,"
            + " outcrop_waiting_prompt_tokens, outcrop_waiting, outcrop_running, outcrop_kv_use");
    assertThatIsError(
        API.send(
            API.as(FakeCluster.AUTOSCALER, ApiServer.BASE + "/namespaces/other/outcrop_running")),
        404,
        "NotFound",
        "no model is watched in the namespace other, only in models");
  }

  @Test
  void namesWhatIsWrongWithASelector() throws Exception {
    assertThatIsError(
        API.send(API.read("outcrop_running", "model=" + LLAMA)),
        400,
        "BadRequest",
        "labelSelector: '" + LLAMA + "' is no value of a label");
  }

  /** Holds a real reply against the arithmetic of the autoscaler in kube-controller-manager. */
  private static final class Autoscaler {
    /** Replicas for a target of the type AverageValue. */
    static int averageValue(JsonNode items, double target) {
      if (items.isEmpty()) {
        throw new IllegalStateException("no metrics returned from external metrics API");
      }
      long milli = 0;
      for (JsonNode item : items) {
        String value = item.get("value").asText();
        milli +=
            value.endsWith("m")
                ? Long.parseLong(value.substring(0, value.length() - 1))
                : 1_000 * Long.parseLong(value);
      }
      return (int) Math.ceil(milli / (1_000 * target));
    }
  }
}
