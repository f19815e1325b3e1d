package dev.outcrop.k8s.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As a HorizontalPodAutoscaler computes with a target of AverageValue. */
final class AutoscalerTest {
  @ParameterizedTest
  @CsvSource({
    "4, 4.3, 4", // within a tenth
    "4, 4.5, 5",
    "4, 8.1, 8", // twice as many, or four more
    "2, 20, 6",
    "4, 3.7, 4", // within a tenth
    "4, 2.1, 3",
    "4, 0, 1", // the least
    "14, 99, 16", // the most
  })
  void roundsTheSumOverTheTargetUp(int replicas, double metric, int expected) {
    assertThat(new Autoscaler(1, 16, 0).sync(0, replicas, metric)).isEqualTo(expected);
  }

  @Test
  void keepsTheMostOfTheStabilisation() {
    Autoscaler autoscaler = new Autoscaler(1, 16, 300);
    assertThat(autoscaler.sync(0, 8, 8)).isEqualTo(8);
    assertThat(autoscaler.sync(15, 8, 3)).isEqualTo(8);
    assertThat(autoscaler.sync(300, 8, 2)).isEqualTo(8);
    assertThat(autoscaler.sync(301, 8, 0)).isEqualTo(3);
  }
}
