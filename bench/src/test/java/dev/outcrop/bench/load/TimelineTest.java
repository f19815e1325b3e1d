package dev.outcrop.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TimelineTest {
  @Test
  void readsTheNamesOfVllmAndAddsModels() {
    Timeline.Look look =
        Timeline.read(
            """
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{model_name="a"} 3.0
            vllm:num_requests_running{model_name="b"} 4 1700000000000
            vllm:num_requests_waiting{model_name="a"} 0
            vllm:kv_cache_usage_perc{model_name="a"} 0.5
            vllm:kv_cache_usage_perc{model_name="b"} 1e-1
            outcrop_running{model="a"} 99
            """,
            2);

    assertThat(look).isEqualTo(new Timeline.Look(2, 0.3, 7.0, 0.0));
  }

  @Test
  void readsOlderAndOurOwnNames() {
    assertThat(Timeline.read("vllm:gpu_cache_usage_perc{x=\"y\"} 0.75", 0).kvUsage())
        .isEqualTo(0.75);
    assertThat(
            Timeline.read(
                """
                outcrop_running{model="a"} 2
                outcrop_waiting{model="a"} 5
                outcrop_kv_units{model="a"} 200
                outcrop_kv_units_used{model="a",state="referenced"} 50
                outcrop_kv_units_used{model="a",state="cached"} 100
                """,
                0))
        .isEqualTo(new Timeline.Look(0, 0.25, 2.0, 5.0));
  }

  @Test
  void otherPagesTellNothing() {
    assertThat(Timeline.read("go_threads 7\n", 0).isEmpty()).isTrue();
    assertThat(Timeline.read("<html>", 0).isEmpty()).isTrue();
  }
}
