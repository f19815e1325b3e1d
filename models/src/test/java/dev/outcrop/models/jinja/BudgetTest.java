package dev.outcrop.models.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that would take too much end with an error, and soon. */
class BudgetTest {
  private static final Limits SMALL = new Limits(200_000, 20_000, 5_000, 300);

  private static Text render(String template, Limits limits) {
    return JinjaTemplate.parse(template).render(Map.of(), limits, Clock.systemUTC());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "{% for a in range(5000) %}{% for b in range(5000) %}{% endfor %}{% endfor %} # steps",
        "{% for a in range(5000) %}{{ 'x' * 1000 }}{% endfor %} # characters",
        "{{ 'x' * 100000000000 }} # characters",
        "{{ [1] * 100000000 }} # items",
        "{% set n = namespace(x='ab') %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %} # characters",
        "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %} # items",
        "{% set n = namespace(x=[]) %}{% for a in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x == n.x }} # steps",
        "{% set n = namespace(x=[]) %}{% for a in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }} # characters",
        "{% set n = namespace(x=[]) %}{% for a in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }} # characters",
        "{% set n = namespace(x=[]) %}{% for a in range(999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|string|length }} # nests",
        "{% set n = namespace(x=()) %}{% for a in range(999) %}{% set n.x = (n.x,) %}{% endfor %}{{ {n.x: 1} }} # nests",
        "{% set n = namespace() %}{% set n.x = n %}{{ n }} # nests",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }} # nests",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }} # nests",
        "{% for x in [[]] recursive %}{{ loop([[]]) }}{% endfor %} # nests",
        "{{ 10 ** 100000 }} # too large",
        "{{ 2 ** 99999999999 }} # too large",
        "{% set n = namespace(x=3) %}{% for a in range(99) %}{% set n.x = n.x * n.x %}{% endfor %} # too large",
        "{{ '%999999d' % 1 }} # characters",
        "{{ '{:999999}'.format(1) }} # characters",
        "{{ '%99999999d' % 1 }} # too large",
        "{{ 'a'|center(999999999) }} # characters",
        "{{ 'a'.ljust(999999999) }} # characters",
        "{{ 'a'.zfill(999999999) }} # characters",
        "{{ 'a\\nb'|indent(999999999) }} # characters",
        "{{ [1]|tojson(indent=999999999) }} # characters",
        "{{ ('a' * 10000).replace('a', 'b' * 10000) }} # characters",
        "{{ ('a' * 10000)|list|map('string')|join('b' * 10000) }} # items",
        "{{ range(1, 99999999)|list }} # 100000",
        "{{ [1]|batch(99999999, 'x')|list }} # items",
        "{{ [1]|slice(99999999)|list }} # items",
        "{{ ('a' * 19999) is in ('a' * 9999 + 'b') }}{{ ('a' * 9999 + 'b') in 'a' * 19999 }} # steps",
        "{{ ('a' * 19999).split('a' * 9999 + 'b') }} # steps",
        "{{ ('a' * 19999).strip('b' * 9999 + 'a') }} # steps",
      })
  void stopsWhatTakesTooMuch(String template, String why) {
    assertThatThrownBy(() -> render(template, SMALL))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.TEMPLATE_FAILED))
        .hasMessageContaining(why)
        .hasMessageStartingWith("chat template, line 1: ");
  }

  @Test
  void hasRoomForALongConversation() {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      messages.add(
          Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", "word ".repeat(800)));
    }
    Text text =
        JinjaTemplate.parse(
                "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content|trim }}{% endfor %}")
            .render(
                Map.of("messages", RequestValues.of(messages)), Limits.DEFAULT, Clock.systemUTC());
    assertThat(text.length()).isGreaterThan(7_000_000);
  }

  @Test
  void reachesTheDefaultDepthWithoutOverflowingTheStack() throws InterruptedException {
    String deep =
        "{% macro m(n) %}{% if n %}{{ [m(n - 1)|trim] }}{% endif %}{% endmacro %}{{ m(9999) }}";
    List<Throwable> failures = new ArrayList<>();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    render(deep, Limits.DEFAULT);
                  } catch (OutcropException | StackOverflowError e) {
                    failures.add(e);
                  }
                });
    thread.join();
    assertThat(failures).singleElement().isInstanceOf(OutcropException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "{'a':", "not ", "-", "x if y else ", "a.b(", "f(x=", "[1, ["})
  void refusesExpressionsThatNestTooDeeply(String opening) {
    assertThatThrownBy(() -> JinjaTemplate.parse("\n{{ " + opening.repeat(2000)))
        .isInstanceOfSatisfying(
            OutcropException.class,
            e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED))
        .hasMessageContaining("line 2");
  }

  @ParameterizedTest
  @ValueSource(strings = {" + 1", "|upper", ".x", "[0]", " and x", " or x", "()", " * 2"})
  void refusesChainsThatAreTooLong(String link) {
    assertThatThrownBy(() -> JinjaTemplate.parse("{{ x" + link.repeat(2000) + " }}"))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("chains more than");
  }

  @Test
  void refusesBlocksThatNestTooDeeply() {
    assertThatThrownBy(() -> JinjaTemplate.parse("{% if x %}".repeat(2000)))
        .hasMessageContaining("nests deeper");
    assertThatThrownBy(
            () -> JinjaTemplate.parse("{% if x %}" + "{% elif x %}".repeat(2000) + "{% endif %}"))
        .hasMessageContaining("nests deeper");
  }

  @Test
  void namesTheConstructAndTheLineOfWhatItDoesNotSupport() {
    assertThatThrownBy(() -> JinjaTemplate.parse("a\nb {% include 'x' %}"))
        .hasMessage("chat template, line 2: 'include' is not supported");
    assertThatThrownBy(() -> JinjaTemplate.parse("\n\n{{ x|urlize }}"))
        .hasMessage("chat template, line 3: the filter 'urlize' is not supported");
    assertThatThrownBy(() -> JinjaTemplate.parse("{% for x in y %}"))
        .hasMessage("chat template, line 1: 'for' is not closed");
  }
}
