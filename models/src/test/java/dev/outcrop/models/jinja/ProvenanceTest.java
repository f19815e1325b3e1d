package dev.outcrop.models.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * No character of a request ever counts as the template's. User text is written in an alphabet that
 * no template uses (Cyrillic letters, and digits in numbers), so that its characters can be told
 * apart in what comes out.
 */
class ProvenanceTest {
  /** Where each piece came from: trusted text as it is, user text between angle quotes. */
  private static String marked(String template, Map<String, Object> user) {
    Map<String, Value> variables = new LinkedHashMap<>();
    user.forEach((name, value) -> variables.put(name, RequestValues.of(value)));
    var shown = new StringBuilder();
    JinjaTemplate.parse(template)
        .render(variables, Limits.DEFAULT, Clock.systemUTC())
        .forEachRun((run, trusted) -> shown.append(trusted ? run : "«" + run + "»"));
    return shown.toString();
  }

  private static Map<String, Object> request() {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("жук", List.of("я\"\n", 42, 1.5, true));
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("u", "жук");
    request.put("v", "щ");
    request.put("padded", " жук ");
    request.put("n", 42);
    request.put("f", 1.5);
    request.put("args", arguments);
    request.put("list", List.of("б", "а"));
    request.put("format", "%s-ж{}");
    return request;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "a{{ u }}b                               # a«жук»b",
        "{{ 'a' + u + 'b' }}                     # a«жук»b",
        "{{ 'a' ~ n ~ f ~ none ~ true }}         # a«421.5»NoneTrue",
        "{{ u ~ v }}                             # «жукщ»",
        "{{ ('a' + u + 'b')[1:3] }}              # «жу»",
        "{{ ('a' + u + 'b')[::-1] }}             # b«куж»a",
        "{{ ('a' + u + 'b')[::2] }}              # a«у»b",
        "{{ ('a' + u + 'b')[-1] }}               # b",
        "{{ ('a' + u)|upper }}                   # A«ЖУК»",
        "{{ ('A' + u).upper().lower() }}         # a«жук»",
        "{{ ('a' + u)|capitalize }}              # A«жук»",
        "{{ ('a' + u)|title }}                   # A«жук»",
        "{{ ('a' + u).title() }}                 # A«жук»",
        "{{ ('a' + u).swapcase() }}              # A«ЖУК»",
        "{{ ('xa' + padded + 'x')|trim('x') }}   # a« жук »",
        "{{ padded|trim }}                       # «жук»",
        "{{ ('aXb')|replace('X', u) }}           # a«жук»b",
        "{{ u|replace('у', 'U') }}               # «ж»U«к»",
        "{{ u|replace('', '-') }}                # -«ж»-«у»-«к»-",
        "{{ 'axb'.replace('x', v) }}             # a«щ»b",
        "{{ ('a,' + u + ',b').split(',') }}      # ['a', '«жук»', 'b']",
        "{{ ('a,' + u).rsplit(',', 1)|join(v) }} # a«щжук»",
        "{{ v.join(['a', 'b']) }}                # a«щ»b",
        "{{ list|join('+') }}                    # «б»+«а»",
        "{{ list|sort|join('+') }}               # «а»+«б»",
        "{{ list }}                              # ['«б»', '«а»']",
        "{{ args }}                              # {'«жук»': ['«я\"\\n»', «42», «1.5», True]}",
        "{{ args|tojson }}                       # {\"«жук»\": [\"«я\\\"\\n»\", «42», «1.5», true]}",
        "{{ {'a': u}|tojson }}                   # {\"a\": \"«жук»\"}",
        "{{ u|tojson(ensure_ascii=true) }}       # \"«\\u0436\\u0443\\u043a»\"",
        "{{ [1]|tojson(indent=v) }}              # `[\n«щ»1\n]`",
        "{{ [1, 2]|tojson(separators=(v, v)) }}  # [1«щ»2]",
        "{{ args|items|list }}                   # [('«жук»', ['«я\"\\n»', «42», «1.5», True])]",
        "{{ args.keys()|list }}                  # ['«жук»']",
        "{{ dict(**args) }}                      # {'«жук»': ['«я\"\\n»', «42», «1.5», True]}",
        "{{ namespace(**args) }}                 # <Namespace {'«жук»': ['«я\"\\n»', «42», «1.5», True]}>",
        "{{ n + 1 }}                             # «43»",
        "{{ n // 1 * 1.0 }}                      # «42.0»",
        "{{ -n }} {{ n|abs }} {{ n|round }}      # «-42» «42» «42»",
        "{{ '42'|int + 0 }}{{ n|string|int }}    # 42«42»",
        "{{ n|string|float }} {{ [n, 1]|sum }}   # «42.0» «43»",
        "{{ '%s!' % u }} {{ '%03d' % n }}        # «жук»! 0«42»",
        "{{ format % 1 }}                        # 1«-ж{}»",
        "{{ '%5s' % u }}                         # `  «жук»`",
        "{{ '{}-{}'.format(u, n) }}              # «жук»-«42»",
        "{{ '{:>5}'.format(u) }}                 # `  «жук»`",
        "{{ format.format('a') }}                # «%s-ж»a",
        "{{ 'a'.center(3, v) }}                  # «щ»a«щ»",
        "{{ u.zfill(4) }}                        # 0«жук»",
        "{{ ('a\\n' + u)|indent(2) }}            # `a\n  «жук»`",
        "{{ 'a\\nb'|indent(v) }}                 # `a\n«щ»b`",
        "{{ ('<' + u + '<')|e }}                 # &lt;«жук»&lt;",
        "{{ u|reverse }} {{ u|first }}           # «куж» «ж»",
        "{{ u|list|join('.') }}                  # «ж».«у».«к»",
        "{{ u * 2 }}                             # «жукжук»",
        "{% for c in u %}{{ c }}.{% endfor %}    # «ж».«у».«к».",
        "{% set x %}a{{ u }}{% endset %}{{ x }}  # a«жук»",
        "{% filter upper %}a{{ u }}{% endfilter %} # A«ЖУК»",
        "{% macro m(x) %}a{{ x }}{% endmacro %}{{ m(u)[1:] }} # «жук»",
        "{% macro m() %}{{ kwargs }}{% endmacro %}{{ m(**{u: 1}) }} # {'«жук»': 1}",
        "{{ {u: 1}|dictsort }}                   # [('«жук»', 1)]",
        "{{ [u, u]|unique|list }} {{ [u]|max }}  # ['«жук»'] «жук»",
        "{{ ('a' + u).partition('a') }}          # ('', 'a', '«жук»')",
        "{{ ('a' + u)|truncate(3, true, '', 0) }} # a«жу»",
        "{{ [{'k': u}]|map(attribute='k')|join }} # «жук»",
        "{{ [{'k': u}]|groupby('k') }}           # [('«жук»', [{'k': '«жук»'}])]",
        "{{ u|default('a') }}{{ q|default(u) }}  # «жукжук»",
        "{{ strftime_now(u) }}                   # «жук»",
        "{{ u == 'жук' }}{{ u|length }}{{ 'ж' in u }} # True3True",
      })
  void keepsTheOriginOfEveryCharacter(String template, String expected) {
    assertThat(marked(template, request())).isEqualTo(expected);
  }

  @Test
  void saysWhatTheTemplateSaidAndNotWhatTheUserSaid() {
    assertThatThrownBy(() -> marked("a\n{{ raise_exception('bad role ' + u + '!') }}", request()))
        .isInstanceOf(OutcropException.class)
        .hasMessage(
            "chat template, line 2: the template refuses the conversation: bad role [...]!");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ args[u + u].x }}",
        "{{ u[u].x }}",
        "{{ u.index(v) }}",
        "{{ u|int + u }}",
        "{{ u() }}",
        "{{ '%d' % u }}",
        "{{ [1]|map(u)|list }}",
        "{{ [1]|select(u)|list }}",
        "{{ strftime_now('%Q' + u) }}",
        "{{ '{x}'.format(u) }}",
        "{{ format.format() }}",
        "{{ u < 1 }}",
        "{{ u|tojson(**args) }}",
        "{% macro m() %}{% endmacro %}{{ m(**args) }}",
        "{{ '{:жж}'.format(u) }}{{ ('{:' + u + '}').format(1) }}",
      })
  void namesNoUserTextInAnError(String template) {
    assertThatThrownBy(() -> marked(template, request()))
        .isInstanceOfSatisfying(
            OutcropException.class,
            e -> assertThat(e.getMessage().codePoints()).allMatch(c -> c < 0x400));
  }

  /** Random chains of filters and methods over text of mixed origin. */
  @Test
  void neverTrustsAUserCharacterWhateverTheFilters() {
    List<String> steps =
        List.of(
            "|upper",
            "|lower",
            "|title",
            "|capitalize",
            "|trim",
            "|reverse",
            "|tojson",
            "|e",
            "|indent(1)",
            "|indent(u)",
            "|string",
            "|list|join('x')",
            "|list|join(u)",
            "|list|string",
            "|replace('a', u)",
            "|replace(u, 'b')",
            "|replace('', 'c')",
            "|replace('', u)",
            "|center(40)",
            "|truncate(30)",
            ".strip('a')",
            ".split('a')|join('q')",
            ".split()|join(u)",
            ".split(u)|string",
            ".partition('x')|join",
            ".splitlines()|tojson",
            ".title()",
            ".swapcase()",
            ".zfill(30)",
            ".ljust(50, 'z')",
            "[1:]",
            "[::-1]",
            "[::2]",
            "[:40]",
            " * 2",
            " ~ u ~ 'd'",
            "|format(u)",
            "|list|sort|join",
            "|list|unique|join",
            "|list|batch(3)|list|string",
            ".removeprefix(u)",
            "|safe",
            "|wordcount|string",
            "|tojson(indent=1)");
    Random random = new Random(7);
    int[] seen = new int[2];
    for (int round = 0; round < 4000; round++) {
      var expression = new StringBuilder("('a<|im_start|>' + u + 'b\\n')");
      int length = 1 + random.nextInt(6);
      for (int i = 0; i < length; i++) {
        expression.insert(0, '(').append(steps.get(random.nextInt(steps.size()))).append(')');
      }
      String user = userText(random);
      Map<String, Value> variables = Map.of("u", RequestValues.of(user));
      Text text;
      try {
        text =
            JinjaTemplate.parse("{{ " + expression + " }}")
                .render(variables, Limits.DEFAULT, Clock.systemUTC());
      } catch (OutcropException refused) {
        assertThat(refused.getMessage().codePoints()).allMatch(c -> c < 0x400);
        continue;
      }
      text.forEachRun(
          (run, trusted) -> {
            seen[trusted ? 1 : 0]++;
            if (trusted) {
              assertThat(run.codePoints())
                  .as("%s", expression)
                  .noneMatch(c -> c >= 0x400 && c < 0x500);
            }
          });
    }
    assertThat(seen[0]).isGreaterThan(1000);
    assertThat(seen[1]).isGreaterThan(1000);
  }

  private static String userText(Random random) {
    List<String> words = List.of("жук", "ЩЯ", " ", "\n", "Ѐ", "ё\u0301", "ѱѰ", "Ж");
    List<String> text = new ArrayList<>();
    for (int i = random.nextInt(8); i >= 0; i--) {
      text.add(words.get(random.nextInt(words.size())));
    }
    return String.join("", text);
  }
}
