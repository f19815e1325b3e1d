package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.TokenConstraint;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the engine's thread has to do for a token is bounded, whatever the grammar. */
final class MaskWorkTest {
  private static final Vocabulary WORDS = Spellings.of(Spellings.words());

  private static Rule rule(String schema) {
    Budget budget = new Budget(() -> 0, 1, 200_000);
    Rules rules = new Rules(budget);
    Rule rule = SchemaRules.of(schema, false, rules, budget);
    rules.settle();
    return rule;
  }

  private static String many(int count, IntFunction<String> each) {
    return IntStream.range(0, count).mapToObj(each).collect(Collectors.joining(","));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void theWorkOfAMaskIsBoundedWhereManyPatternsMeet() {
    String schema =
        "{\"anyOf\":["
            + many(
                100,
                i ->
                    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"^[a-z]*%d$\"}},\"required\":[\"a\"]}"
                        .formatted(i))
            + "]}";
    Position inside = Position.start(rule(schema)).accept(bytes("{\"a\":\""));
    int nodes = WORDS.trie(false).size();
    MaskMaker maker =
        new MaskMaker(
            WORDS,
            (dfa, state, first) ->
                LocalTokens.of(WORDS.trie(first), dfa, state, WORDS.words(), false));

    assertThat(inside.items()).hasSize(100);
    assertThat(maker.make(inside, false).count()).isGreaterThan(26 * 26 * 26);
    assertThat(maker.work()).isGreaterThan(nodes).isLessThan(100_000 + 2 * nodes);
  }

  @Test
  void waysThatAreCheapAreNotCrowdedOutByThoseThatAreDear() {
    String schema =
        "{\"anyOf\":["
            + many(
                30,
                i ->
                    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"^[a-z]*%d$\"}},\"required\":[\"a\"]}"
                        .formatted(i))
            + ",{\"type\":\"object\",\"properties\":{\"a\":{\"const\":\"Zebra\"}},\"required\":[\"a\"]}]}";
    Grammar grammar = new GrammarCompiler(WORDS, () -> 0).compile(new Syntax.JsonSchema(schema));
    Grammar.State state = grammar.start();
    for (byte b : bytes("{\"a\":\"")) {
      state = grammar.after(state, b, false);
    }

    assertThat(grammar.mask(state, false).holds('Z')).isTrue();
    assertThat(grammar.mask(state, false).holds('q')).isTrue();
  }

  @Test
  void manyPatternsForOnePlaceAreRefused() {
    String patterns =
        many(100, i -> "{\"type\":\"string\",\"pattern\":\"^[a-z]*%d$\"}".formatted(i));
    String names = many(100, i -> "\"^[a-z]+%d$\":{}".formatted(i));
    String members = many(100, i -> "\"member%d\":{\"type\":\"string\"}".formatted(i));
    String constants = many(100, i -> "{\"const\":\"value%d\"}".formatted(i));

    assertThatThrownBy(() -> rule("{\"anyOf\":[" + patterns + "]}"))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("too complex");
    assertThatThrownBy(
            () -> rule("{\"patternProperties\":{" + names + "},\"additionalProperties\":false}"))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("too complex");
    assertThat(rule("{\"type\":\"object\",\"properties\":{" + members + "}}").depth()).isOne();
    assertThat(rule("{\"anyOf\":[" + constants + "]}").depth()).isZero();
  }

  @Test
  void tokensOfAPatternTakeABitEach() {
    Rule.Lexeme pattern =
        (Rule.Lexeme) rule("{\"type\":\"string\",\"pattern\":\"^[a-z]*$\",\"maxLength\":40}");
    int inside = pattern.dfa.next(0, '"');
    LocalTokens local =
        LocalTokens.of(WORDS.trie(false), pattern.dfa, inside, WORDS.words(), false);
    long[] bits = new long[WORDS.words()];
    local.addInside(bits, Rule.Repeat.FOREVER);

    assertThat(local.memory()).isLessThan(9 * WORDS.words());
    assertThat(IntStream.range(0, WORDS.words()).map(i -> Long.bitCount(bits[i])).sum())
        .isEqualTo(26 + 26 * 26 * 26);
  }

  @Test
  void whatManyPositionsTakeIsForgottenBeforeWhatTokensDo() {
    Grammar grammar = new GrammarCompiler(WORDS, () -> 0).compile(new Syntax.Regex("[a-y]{900}z"));
    Grammar.State state = grammar.start();
    for (int i = 0; i < 800; i++) {
      assertThat(grammar.mask(state, false).holds('a')).isTrue();
      state = grammar.after(state, 'a', false);
    }
    assertThat(grammar.memory()).isLessThan(9 << 20);
  }

  @Test
  void aTokenInsideWhichManyWaysMeetStaysAllowedOnceItWasTaken() {
    List<Syntax> ways = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      ways.add(new Syntax.Literal("b" + i));
    }
    Syntax syntax =
        new Syntax.AnyOf(
            List.of(
                Syntax.of(new Syntax.Literal("a"), new Syntax.AnyOf(ways)),
                Syntax.of(new Syntax.Literal("ab"), new Syntax.Literal("cd"))));
    Vocabulary vocabulary = Spellings.of(List.of("abc"));
    TokenConstraint constraint =
        new GrammarCompiler(vocabulary, () -> 0).compile(syntax).constraint();
    int[] history = {256, 'd', 0};

    assertThat(constraint.mask(history, 0, 0).holds(256)).isTrue();
    assertThat(constraint.mask(history, 0, 1).ids()).containsExactly('d');
    assertThat(constraint.mask(history, 0, 2).ids()).containsExactly(257);
  }

  @ParameterizedTest
  @ValueSource(strings = {"false", "{\"enum\":[]}"})
  void membersThatCannotBeTakeNoStack(String value) throws Exception {
    Rule rule =
        rule(
            "{\"type\":\"object\",\"properties\":{"
                + many(2900, i -> "\"m%d\":%s".formatted(i, value))
                + ",\"last\":true"
                + "}}");
    AtomicReference<Object> ended = new AtomicReference<>();
    Thread small =
        new Thread(
            null,
            () -> ended.set(Position.start(rule).accept(bytes("{}")).isEnd()),
            "small",
            160 << 10);
    small.setUncaughtExceptionHandler((thread, fault) -> ended.set(fault));
    small.start();
    small.join();

    assertThat(ended.get()).isEqualTo(true);
  }

  @Test
  void aStringsCharactersAreCountedPastThoseOfALongToken() {
    Vocabulary vocabulary = Spellings.of(Collections.singletonList("x".repeat(300)));
    Grammar grammar =
        new GrammarCompiler(vocabulary, () -> 0)
            .compile(new Syntax.JsonSchema("{\"type\":\"string\",\"maxLength\":280}"));
    Grammar.State state = grammar.after(grammar.start(), '"', false);

    assertThat(grammar.mask(state, false).holds('x')).isTrue();
    assertThat(grammar.mask(state, false).holds(256)).isFalse();
  }
}
