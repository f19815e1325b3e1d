package dev.outcrop.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PodSignalsTest {
  private static final String PAGE =
      """
      # HELP outcrop_ready 1 while the server takes requests and no engine is stuck or dead
      # TYPE outcrop_ready gauge
      outcrop_ready 1.0
      outcrop_model_up{model="a",} 1.0
      outcrop_model_up{model="b",} 0.0
      outcrop_running{model="a",} 7.0
      outcrop_running{model="b",} 70.0
      outcrop_waiting{model="a",} 3.0
      outcrop_waiting_prompts{model="a",} 5.0
      outcrop_waiting_prompt_tokens{model="a",} 12345.0
      outcrop_kv_units{model="a",} 100.0
      outcrop_kv_units_used{model="a",state="referenced",} 25.0
      outcrop_kv_units_used{model="a",state="cached",} 50.0
      outcrop_prefill_tokens_per_second{model="a",} 1234.5
      outcrop_knee{model="a",} 12.0
      outcrop_load{model="a",} 1.5
      outcrop_engine_tokens_total{model="a",kind="prompt",} 1.0E7
      outcrop_engine_tokens_total{model="a",kind="completion",} 99.0
      outcrop_slo_burn{model="a",target="first_token",} 2.0
      outcrop_slo_burn{model="a",target="token_interval",} 0.5
      """;

  @Test
  void readsTheFiguresOfOneModel() {
    assertThat(PodSignals.parse(PAGE, "a"))
        .isEqualTo(
            new PodSignals(
                true,
                true,
                7,
                3,
                5,
                12_345,
                0.25,
                new PodSignals.Pace(1_234.5, 12, 1.5, 10_000_000),
                new PodSignals.Burn(2, 0.5)));
  }

  @Test
  void readsAModelThatOnlyEmbeds() {
    String page =
        """
        outcrop_ready 1.0
        outcrop_model_up{model="a",} 1.0
        outcrop_waiting{model="a",} 3.0
        outcrop_waiting_prompts{model="a",} 3.0
        outcrop_waiting_prompt_tokens{model="a",} 99.0
        """;
    assertThat(PodSignals.parse(page, "a"))
        .isEqualTo(
            new PodSignals(true, true, 0, 3, 3, 99, 0, PodSignals.Pace.NONE, PodSignals.Burn.NONE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"NaN", "-1.0", "+Inf"})
  void refusesWhatIsNoNumberFromZeroUp(String value) {
    assertThatThrownBy(() -> PodSignals.parse(PAGE.replace("12345.0", value), "a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("outcrop_waiting_prompt_tokens");
  }
}
