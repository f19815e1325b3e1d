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
  private static final Limits SMALL = new Limits(200_000, 20_000, 5_000, 300, 64 << 20);

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
        "{% for a in range(5000) %}{{ ''|indent(20000) }}{% endfor %} # steps",
        "{% for a in range(5000) %}{{ []|tojson(indent=20000) }}{% endfor %} # steps",
        "{% set d = dict(range(4000)|batch(2)|list) %}{% for a in range(5000) %}{% set x = d.items() %}{% endfor %} # steps",
        "{% set d = dict(range(4000)|batch(2)|list) %}{% for a in range(5000) %}{% set x = d.keys() %}{% endfor %} # steps",
        "{% set d = dict(range(4000)|batch(2)|list) %}{% for a in range(5000) %}{% set x = d.values() %}{% endfor %} # steps",
        "{% set d = dict(range(4000)|batch(2)|list) %}{% for a in range(5000) %}{% set x = d|items %}{% endfor %} # steps",
        "{% set s = '\ud83d\ude00' * 9999 %}{% for a in range(5000) %}{% set x = s[9998] %}{% endfor %} # steps",
        "{% set s = 'a' * 20000 %}{% for a in range(5000) %}{% set x = 1[s] %}{% endfor %} # steps",
        "{% set s = 'a' * 9999 %}{% set t = (s,) * 5000 %}{{ s.startswith(t) }} # steps",
        "{% set t = (1,) * 5000 %}{% for a in range(5000) %}{% set x = t in {} %}{% endfor %} # steps",
        "{% set n = namespace(x=(1,)) %}{% for a in range(99) %}{% set n.x = (n.x, n.x) %}{% endfor %}{{ {}[n.x] }} # steps",
        "{% for a in range(5000) %}{% set x = [1]|batch(-2000000000) %}{% for b in range(5000) %}{% endfor %}{% endfor %} # steps",
        "{% for a in range(5000) %}{% set x = [1]|slice(-2000000000) %}{% for b in range(5000) %}{% endfor %}{% endfor %} # steps",
        "{% set x = 2 ** 4000 %}{% for a in range(5000) %}{% set y = x // 3 %}{% endfor %} # steps",
        "{{ strftime_now('%c' * 5000) }} # too long",
        "{{ [1]|map(attribute='1' * 10000)|list }} # too large",
      })
  void stopsWhatTakesTooMuch(String template, String why) {
    assertThatThrownBy(() -> render(template, SMALL))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.TEMPLATE_FAILED))
        .hasMessageContaining(why)
        .hasMessageStartingWith("chat template, line 1: ");
  }

  /** What is kept is charged where it is made, however few steps that takes. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% set s = 'x' * 50000 %}{% for a in range(2) %}{% set n.x = n.x + [s|list] %}{% endfor %}",
        "{% for a in range(50000) %}{% set n.x = [n.x, 1] %}{% endfor %}",
        "{% for a in range(50000) %}{% set n.x = (n.x, {}) %}{% endfor %}",
        "{% for a in range(50000) %}{% set n.x = {1: n.x} %}{% endfor %}",
        "{% for a in range(20000) %}{% set n.x = [n.x, 2 ** 4000] %}{% endfor %}",
        "{% for a in range(50000) %}{% macro m() %}{% endmacro %}{% set n.x = [n.x, m] %}{% endfor %}",
        "{% for a in range(50000) %}{% set n.x = [n.x, namespace()] %}{% endfor %}",
        "{% set n.x = ('a ' * 100000).split(' ') %}",
        "{% set n.x = ('a ' * 100000).rsplit(' ') %}",
        "{% set n.x = ('a ' * 100000).split() %}",
        "{% set n.x = ('a\\n' * 100000).splitlines() %}",
        "{% set n.x = range(100000)|map('string')|list %}",
        "{% for a in range(12) %}{% set n.x = [n.x, [1] * 100000] %}{% endfor %}",
        "{% set s = [1] * 100000 %}{% for a in range(12) %}{% set n.x = [n.x, s[1:]] %}{% endfor %}",
        "{% set s = [1] * 100000 %}{% for a in range(12) %}{% set n.x = [n.x, s|sort] %}{% endfor %}",
        "{% set s = 'x' * 1000000 %}{% for a in range(12) %}{% set n.x = [n.x, s[1:]] %}{% endfor %}",
        "{% set s = 'x' * 1000000 %}{% for a in range(50) %}{% set n.x = [n.x, s|upper] %}{% endfor %}",
      })
  void stopsWhatTakesTooMuchMemory(String template) {
    Limits limits =
        new Limits(
            Limits.DEFAULT.steps(),
            Limits.DEFAULT.outputCharacters(),
            Limits.DEFAULT.items(),
            Limits.DEFAULT.depth(),
            8 << 20);
    assertThatThrownBy(() -> render("{% set n = namespace(x=[]) %}" + template, limits))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.TEMPLATE_FAILED))
        .hasMessage(
            "chat template, line 1: the template makes texts and lists of more than 8388608 bytes");
    render("{% set n = namespace(x=[]) %}" + template, Limits.DEFAULT);
  }

  @Test
  void chargesAMacroForEachOfItsParameters() {
    var names = new StringBuilder("a");
    for (int i = 0; i < 2000; i++) {
      names.append(",a").append(i);
    }
    String calls = "{% for x in range(500) %}{{ m() }}{% endfor %}";
    assertThatThrownBy(() -> render("{% macro m(" + names + ") %}{% endmacro %}" + calls, SMALL))
        .hasMessageContaining("steps");
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
