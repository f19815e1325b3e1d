package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelAccessTest {
  @ParameterizedTest
  @CsvSource({
    "*, anything, true",
    "meta.*, meta.llama3-1-8b-instruct-v1:0, true",
    "meta.*, metaXllama, false",
    "*-v1:0, meta.llama-v1:0, true",
    "*-v1:0, meta.llama-v1:0x, false",
    "a*b*c, abc, true",
    "a*b*c, aXbYc, true",
    "a*b*c, acb, false",
    "a*a, a, false",
    "a*a, aa, true",
    "*ab*ab*, ab, false",
    "*ab*ab*, abab, true",
    "a**b, ab, true",
    "demo, demo, true",
    "demo, demo2, false",
    "demo, Demo, false",
    ".*, anything, false",
    "de.o, demo, false",
  })
  void aStarStandsForAnyText(String pattern, String id, boolean allowed) {
    assertThat(new ModelAccess(List.of(pattern)).allows(id)).isEqualTo(allowed);
  }

  @Test
  void allowsNothingWhereNothingIsSaid() {
    assertThat(new ModelAccess(List.of()).allows("demo")).isFalse();
  }
}
