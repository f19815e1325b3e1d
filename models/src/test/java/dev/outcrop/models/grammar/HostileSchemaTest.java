package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.TokenConstraint;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas made to take long: each compiles within the budget or is refused, and then works. */
final class HostileSchemaTest {
  private static Walker walker;

  @BeforeAll
  static void open() {
    walker = new Walker("llama3");
  }

  @AfterAll
  static void close() {
    walker.close();
  }

  static Stream<Arguments> schemas() {
    String twice =
        "{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"a\":%s}},{\"type\":\"object\",\"properties\":{\"a\":%<s,\"b\":{}}}]}";
    return Stream.of(
        Arguments.of("nested anyOf", nest(twice, "{\"type\":\"string\"}", 9)),
        Arguments.of(
            "allOf of anyOf",
            "{\"allOf\":["
                + repeat(
                    60,
                    i ->
                        "{\"anyOf\":[{\"minLength\":%d},{\"pattern\":\"a%d\"},{\"maxLength\":%d}]}"
                            .formatted(i, i, 100 + i))
                + "]}"),
        Arguments.of(
            "doubling references",
            "{\"$ref\":\"#/$defs/d0\",\"$defs\":{"
                + repeat(
                    300,
                    i ->
                        "\"d%d\":{\"anyOf\":[{\"properties\":{\"a\":{\"$ref\":\"#/$defs/d%d\"}},\"required\":[\"a\"]},{\"properties\":{\"a\":{\"$ref\":\"#/$defs/d%d\"},\"b\":{}}}]}"
                            .formatted(i, i + 1, i + 1))
                + ",\"d300\":{\"type\":\"null\"}}}"),
        Arguments.of(
            "deep objects", nest("{\"type\":\"object\",\"properties\":{\"a\":%s}}", "{}", 90)),
        Arguments.of("deeper than JSON may be", nest("{\"items\":%s}", "{}", 5000)),
        Arguments.of(
            "many optional members",
            "{\"type\":\"object\",\"properties\":{"
                + repeat(5000, i -> "\"m%d\":{}".formatted(i))
                + "}}"),
        Arguments.of(
            "many required members",
            "{\"type\":\"object\",\"properties\":{"
                + repeat(2000, i -> "\"m%d\":{}".formatted(i))
                + "},\"required\":["
                + repeat(2000, i -> "\"m%d\"".formatted(i))
                + "]}"),
        Arguments.of(
            "many values", "{\"enum\":[" + repeat(6000, i -> "\"v%d\"".formatted(i)) + "]}"),
        Arguments.of(
            "many objects", "{\"enum\":[" + repeat(3000, i -> "{\"v\":%d}".formatted(i)) + "]}"),
        Arguments.of("counted pattern", "{\"type\":\"string\",\"pattern\":\"(a{1,50}){1,50}b\"}"),
        Arguments.of(
            "huge counts", "{\"type\":\"string\",\"pattern\":\"((a{9999}){9999}){9999}\"}"),
        Arguments.of("exponential automaton", "{\"type\":\"string\",\"pattern\":\"a.{30}b\"}"),
        Arguments.of(
            "wide classes", "{\"type\":\"string\",\"pattern\":\"(\\\\p{L}\\\\P{N}[^a]){200}\"}"),
        Arguments.of("long string", "{\"type\":\"string\",\"minLength\":2147483647}"),
        Arguments.of(
            "long array",
            "{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":2147483647}"),
        Arguments.of(
            "big numbers",
            "{\"type\":\"number\",\"minimum\":1e1000000000,\"multipleOf\":1e-1000000000}"),
        Arguments.of(
            "many patterns at once",
            "{\"anyOf\":["
                + repeat(400, i -> "{\"type\":\"string\",\"pattern\":\"^[a-z]*%d$\"}".formatted(i))
                + "]}"),
        Arguments.of(
            "many names by pattern",
            "{\"type\":\"object\",\"patternProperties\":{"
                + repeat(300, i -> "\"^[a-z]+%d\":{}".formatted(i))
                + "}}"),
        Arguments.of(
            "oneOf of oneOf",
            nest(
                "{\"oneOf\":[{\"type\":\"null\"},%s,{\"type\":\"array\",\"items\":%<s}]}",
                "{\"type\":\"string\"}", 11)));
  }

  private static String nest(String around, String inside, int levels) {
    String schema = inside;
    for (int i = 0; i < levels; i++) {
      schema = around.formatted(schema);
    }
    return schema;
  }

  private static String repeat(int count, java.util.function.IntFunction<String> each) {
    return IntStream.range(0, count).mapToObj(each).collect(Collectors.joining(","));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("schemas")
  void compilesWithinTheBudgetOrIsRefused(String name, String schema) {
    // A clock by work done: as if every look at it came a quarter of a millisecond after the last.
    AtomicLong clock = new AtomicLong();
    GrammarCompiler compiler =
        new GrammarCompiler(walker.vocabulary, () -> clock.addAndGet(250_000));
    Grammar grammar;
    try {
      grammar = compiler.compile(new Syntax.JsonSchema(schema));
    } catch (OutcropException e) {
      assertThat(e.code()).as(name).isEqualTo(ModelError.GRAMMAR_REFUSED);
      return;
    }
    TokenConstraint constraint = grammar.constraint();
    Random random = new Random(1);
    int[] history = new int[60];
    for (int length = 0; length < history.length; length++) {
      TokenConstraint.Mask mask = constraint.mask(history, 0, length);
      assertThat(mask.count()).as("%s after %d", name, length).isPositive();
      int id = random.nextInt(mask.vocabulary());
      while (!mask.holds(id)) {
        id = (id + 1) % mask.vocabulary();
      }
      if (id == walker.stop) {
        return;
      }
      history[length] = id;
    }
    assertThat(grammar.memory()).isLessThan(16 << 20);
  }

  @Test
  void timeEndsACompilation() {
    AtomicLong clock = new AtomicLong();
    GrammarCompiler compiler =
        new GrammarCompiler(walker.vocabulary, () -> clock.addAndGet(100_000_000));

    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> compiler.compile(new Syntax.Regex("(abc|[a-z]{1,90}x){90}")))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("too complex");
  }
}
