package dev.outcrop.bench.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.engine.TokenConstraint.Mask;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MaskTimesTest {
  @Test
  void tellsMasksThatWereMadeFromThoseThatWereThere() {
    Mask[] masks = {new Mask(true, new int[] {1}, 9), new Mask(true, new int[] {1}, 9)};
    MaskTimes times = new MaskTimes(2);
    TokenConstraint timed = times.of((history, promptTokens, length) -> masks[length]);

    times.begin();
    for (int length : new int[] {0, 0, 1, 0}) {
      assertThat(timed.mask(new int[0], 0, length)).isSameAs(masks[length]);
    }
    times.begin(); // with a grammar that knows none of them
    timed.mask(new int[0], 0, 1);
    timed.mask(new int[0], 0, 1);

    Map<String, Number> result = new LinkedHashMap<>();
    times.describe(result);
    assertThat(result).containsEntry("coldMasks", 3).containsEntry("warmMasks", 3);
    assertThat((double) result.get("maskMicrosPerStepMax"))
        .isGreaterThanOrEqualTo((double) result.get("maskMicrosPerStep"));
  }
}
