package dev.outcrop.models.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever goes wrong in a template leaves the interpreter as the one error. */
class FaultTest {
  private static String render(String template, Map<String, Value> variables) {
    return JinjaTemplate.parse(template)
        .render(variables, Limits.DEFAULT, Clock.systemUTC())
        .chars();
  }

  /** The texts are what Python's jinja2 makes of them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "{{ 1 == 'nan'|float }} # False",
        "{{ 'nan'|float == 1 }} # False",
        "{{ 1 != 'nan'|float }} # True",
        "{{ true == 'nan'|float }} # False",
        "{{ 1 in ['nan'|float] }} # False",
        "{{ 1 < 'nan'|float }} # False",
        "{{ 1 >= 'nan'|float }} # False",
        "{{ [1, 'nan'|float]|max }} # 1",
        "{{ ['nan'|float, 1]|min }} # nan",
        "{{ 2 ** 2000 == 'inf'|float }} # False",
        "{{ 2 ** 2000 < 'inf'|float }} # True",
        "{{ -(2 ** 2000) > '-inf'|float }} # True",
        "{{ '{:%}'.format(1e308) }} # inf%",
        "{{ '{:,}'.format(1234567) }} {{ '{:_}'.format(123) }} # 1,234,567 123",
        "{{ '%.2000f'|format(0.5)|length }} # 2002",
        "{{ 1_000.5_0e1_0 }} {{ 0x_fF }} {{ 0b1_0 }} {{ 0_0 }} # 10005000000000.0 255 2 0",
      })
  void makesOfOddNumbersWhatPythonMakes(String template, String text) {
    assertThat(render(template, Map.of())).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ '%d' % ('inf'|float) }}",
        "{{ '%d' % ('-inf'|float) }}",
        "{{ '%i' % ('nan'|float) }}",
      })
  void refusesToWriteWhatIsNoNumberAsAnInteger(String template) {
    assertThatThrownBy(() -> render(template, Map.of()))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.TEMPLATE_FAILED))
        .hasMessageStartingWith("chat template, line 1: ")
        .hasMessageContaining("finite");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1_1", "0b1_1", "0o7_7", "0x1_f", "0_0"})
  void refusesLiteralsThatAreTooLong(String start) {
    String literal = start + start.substring(start.length() - 2).repeat(50_000);
    assertThatThrownBy(() -> JinjaTemplate.parse("\n{{ " + literal + " }}"))
        .isInstanceOfSatisfying(
            OutcropException.class,
            e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED))
        .hasMessage("chat template, line 2: a number is too large");
  }

  @Test
  void readsFractionsOfAnyLength() {
    String digits = "1" + "_1".repeat(50_000);
    assertThat(render("{{ 0." + digits + "e-0" + digits.substring(0, 3) + " }}", Map.of()))
        .isEqualTo("1.1111111111111112e-12");
  }

  @Test
  void hidesTheTextOfAFaultOfOurs() {
    for (Throwable fault :
        new Throwable[] {
          new IllegalStateException("words of a request"),
          new ArithmeticException("words of a request"),
          new StackOverflowError("words of a request")
        }) {
      Value.Function function =
          (evaluator, arguments) -> {
            if (fault instanceof Error error) {
              throw error;
            }
            throw (RuntimeException) fault;
          };
      assertThatThrownBy(() -> render("\n{{ f() }}", Map.of("f", function)))
          .isInstanceOfSatisfying(
              OutcropException.class,
              e -> assertThat(e.code()).isEqualTo(ModelError.TEMPLATE_FAILED))
          .hasMessage(
              "chat template, line 2: cannot be evaluated: " + fault.getClass().getSimpleName())
          .hasNoCause();
    }
  }
}
