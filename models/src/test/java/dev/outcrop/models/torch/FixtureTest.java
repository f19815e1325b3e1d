package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FixtureTest {
  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void failsOnLogitsThatAreNotFinite(float bad) {
    Fixture fixture = Fixture.read("llama");
    float[][] actual = {fixture.logits()[0].clone()};
    assertThat(fixture.error(actual, 0)).isZero();
    actual[0][3] = bad;
    assertThatThrownBy(() -> fixture.error(actual, 0))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("logit 3");
  }
}
