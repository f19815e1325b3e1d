package dev.outcrop.k8s.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

/** Selectors as Kubernetes reads them. */
final class LabelSelectorTest {
  private static final Map<String, String> LABELS =
      Map.of("model", "qwen3-8b", "tier", "gold", "outcrop.dev/slots", "8", "empty", "");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model=qwen3-8b | true",
        "model==qwen3-8b | true",
        " model = qwen3-8b | true",
        "model=other | false",
        "none=x | false",
        "model!=qwen3-8b | false",
        "model!=other | true",
        "none!=x | true",
        "model in (a,qwen3-8b) | true",
        "model in (a, b) | false",
        "model in(qwen3-8b) | true",
        "none in (a) | false",
        "model notin (a,b) | true",
        "model notin (qwen3-8b) | false",
        "none notin (a) | true",
        "model | true",
        "none | false",
        "!none | true",
        "! none | true",
        "!model | false",
        "empty= | true",
        "empty | true",
        "empty in (,x) | true",
        "model= | false",
        "none= | false",
        "outcrop.dev/slots=8 | true",
        "outcrop.dev/slots>7 | true",
        "outcrop.dev/slots > 8 | false",
        "outcrop.dev/slots<9 | true",
        "outcrop.dev/slots<8 | false",
        "model>1 | false",
        "model<1 | false",
        "none>1 | false",
        "model=qwen3-8b,tier=gold | true",
        "model=qwen3-8b,tier=iron | false",
        "model=qwen3-8b , tier in (gold,iron), !none | true",
        "model,none | false",
      })
  void selects(String selector, boolean selected) {
    assertThat(LabelSelector.parse(selector).matches(LABELS)).isEqualTo(selected);
  }

  @ParameterizedTest
  @NullAndEmptySource
  @ValueSource(strings = "  ")
  void selectsAllWhereItSaysNothing(String selector) {
    assertThat(LabelSelector.parse(selector).matches(LABELS)).isTrue();
    assertThat(LabelSelector.parse(selector).matches(Map.of())).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        ", | a label's key is missing",
        "model=a, | a label's key is missing",
        ",model=a | a label's key is missing",
        "=a | a label's key is missing",
        "! | a label's key is missing",
        "model=a tier=b | ',' is expected before 'tier'",
        "model a | 'a' after 'model' is no operator",
        "model=a=b | ',' is expected before '='",
        "model in a | '(' is expected before 'a'",
        "model in | '(' is expected at the end",
        "model in (a | ')' is expected at the end",
        "model in () | there is nothing between the parentheses",
        "model=meta:0 | 'meta:0' is no value of a label",
        "model=-a | '-a' is no value of a label",
        "model=a/b | 'a/b' is no value of a label",
        "-model=a | '-model' is no key of a label",
        "a/b/c=a | 'a/b/c' is no key of a label",
        "/c=a | '/c' is no key of a label",
        "UPPER.dev/c=a | 'UPPER.dev/c' is no key of a label",
        "slots>many | 'many' is no whole number",
        "slots> | '' is no whole number",
      })
  void refusesWhatIsNoSelector(String selector, String why) {
    assertThatThrownBy(() -> LabelSelector.parse(selector))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("labelSelector: " + why);
  }

  @Test
  void refusesWhatIsTooLong() {
    String most = "a".repeat(63);
    assertThat(LabelSelector.parse(most + "=" + most).matches(Map.of(most, most))).isTrue();
    assertThatThrownBy(() -> LabelSelector.parse("k=" + most + "a")).hasMessageContaining("value");
    assertThatThrownBy(() -> LabelSelector.parse(most + "a")).hasMessageContaining("key");
  }
}
