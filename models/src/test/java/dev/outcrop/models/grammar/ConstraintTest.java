package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.text.Prompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Constraints of sequences: what comes out, and that it depends on their tokens alone. */
final class ConstraintTest {
  private static final String[] TOKENIZERS = Walker.TOKENIZERS;
  private static final Map<String, Walker> OPEN = new HashMap<>();

  @AfterAll
  static void close() {
    OPEN.values().forEach(Walker::close);
  }

  private static Walker walker(String name) {
    return OPEN.computeIfAbsent(name, Walker::new);
  }

  @ParameterizedTest
  @FieldSource("TOKENIZERS")
  void aChoiceGivesEachTextAndNoOther(String name) {
    List<String> texts = List.of("hello", "hello world", " leading", "", "é你好🙂", "\u2581x");
    Set<String> seen = new HashSet<>();
    for (int run = 0; run < 150; run++) {
      seen.add(walker(name).generate(new Syntax.Choice(texts), new Random(run)));
    }
    assertThat(seen).isSubsetOf(texts).hasSizeGreaterThan(3);
  }

  @ParameterizedTest
  @FieldSource("TOKENIZERS")
  void aRegularExpressionMatchesTheWholeText(String name) {
    String pattern = " ?(\\d{3}-){1,2}[a-f]+\\n?(é|[你-好]{2})";
    for (int run = 0; run < 30; run++) {
      assertThat(walker(name).generate(new Syntax.Regex(pattern), new Random(run)))
          .matches(pattern);
    }
  }

  @ParameterizedTest
  @FieldSource("TOKENIZERS")
  void textsOfTheTokenizerItselfAreAllowedTokenByToken(String name) {
    // What a model is trained to write has to go through, whatever elements its tokens span.
    Walker walker = walker(name);
    String json = "{\"name\": \"Zoë \\\"Z\\\" 你好 🙂\", \"tags\": [\"a\", \"b\"],\n  \"n\": -1.5e3}";
    Grammar grammar =
        walker.compiler.compile(
            new Syntax.JsonSchema(
                "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":20},"
                    + "\"tags\":{\"type\":\"array\",\"items\":{\"enum\":[\"a\",\"b\"]}},\"n\":{\"type\":\"number\"}},\"required\":[\"n\"]}"));
    for (Syntax syntax : List.of(new Syntax.Json())) {
      follow(walker, walker.compiler.compile(syntax), json);
    }
    follow(walker, grammar, json);
  }

  private static void follow(Walker walker, Grammar grammar, String text) {
    int[] ids = walker.tokenizer.encode(new Prompt(List.of(new Prompt.Piece(text, false))));
    TokenConstraint constraint = grammar.constraint();
    for (int length = 0; length < ids.length; length++) {
      assertThat(constraint.mask(ids, 0, length).holds(ids[length]))
          .as("token %d of %s", length, text)
          .isTrue();
    }
    assertThat(constraint.mask(ids, 0, ids.length).holds(walker.stop)).isTrue();
  }

  @Test
  void theAnswerDependsOnTheTokensAloneEvenAfterASequenceWasTakenBack() {
    Walker walker = walker("llama2");
    Syntax endless = new Syntax.JsonSchema("{\"type\":\"array\",\"minItems\":500}");
    Grammar grammar = walker.compiler.compile(endless);
    int[] history = history(walker, grammar, 25);
    TokenConstraint moved = grammar.constraint();
    for (int length : new int[] {0, 25, 3, 3, 10, 24, 1, 25}) {
      TokenConstraint fresh = grammar.constraint();
      for (int l = 0; l < length; l++) {
        assertThat(fresh.mask(history, 5, 5 + l)).isNotNull();
      }
      TokenConstraint.Mask mask = moved.mask(history, 5, 5 + length);
      assertThat(mask.ids()).isEqualTo(fresh.mask(history, 5, 5 + length).ids());
    }
  }

  private static int[] history(Walker walker, Grammar grammar, int tokens) {
    TokenConstraint constraint = grammar.constraint();
    int[] history = new int[5 + tokens];
    Random random = new Random(4);
    for (int length = 5; length < history.length; length++) {
      TokenConstraint.Mask mask = constraint.mask(history, 5, length);
      int id;
      do {
        id = random.nextInt(walker.vocabulary.size());
      } while (!mask.holds(id) || id == walker.stop);
      history[length] = id;
    }
    return history;
  }

  @Test
  void nothingMayFollowATokenThatWasNotAllowed() {
    Walker walker = walker("llama3");
    TokenConstraint constraint = walker.compiler.compile(new Syntax.Json()).constraint();
    int[] ids = walker.tokenizer.encode(new Prompt(List.of(new Prompt.Piece("[", false))));

    assertThat(constraint.mask(ids, 0, 1).count()).isZero();
  }

  @Test
  void controlTokensComeWhereTheSyntaxHasThemAndNowhereElse() {
    Walker walker = walker("demo");
    int marker = walker.tokenizer.idOf("<|im_start|>").orElseThrow();
    Syntax syntax =
        Syntax.of(
            new Syntax.Text(List.of("stop")),
            new Syntax.Marker("<|im_start|>"),
            new Syntax.Literal("x"));
    TokenConstraint.Mask free =
        walker.compiler.compile(new Syntax.Text(List.of())).constraint().mask(new int[0], 0, 0);
    TokenConstraint constraint = walker.compiler.compile(syntax).constraint();

    assertThat(free.holds(marker)).isFalse();
    assertThat(constraint.mask(new int[0], 0, 0).holds(marker)).isTrue();
    assertThat(constraint.mask(new int[] {marker}, 0, 1).holds(marker)).isFalse();
    for (int run = 0; run < 20; run++) {
      assertThat(walker.generate(syntax, new Random(run))).doesNotContain("stop").endsWith("x");
    }
  }

  @Test
  void aMarkerWithoutATokenIsText() {
    Walker walker = walker("llama3");
    Syntax syntax = Syntax.of(new Syntax.Marker("<none>"), new Syntax.Choice(List.of("a")));

    assertThat(walker.generate(syntax, new Random(1))).isEqualTo("<none>a");
  }

  @Test
  void freeObjectsNestNoDeeperThanTheirReadersTake() {
    Walker walker = walker("llama3");
    Grammar grammar = walker.compiler.compile(new Syntax.Json());
    Grammar.State state = grammar.start();
    String text = "{\"a\":".repeat(Position.MOST_DEPTH);
    Position at = state.position().accept(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));

    assertThat(at.isDead()).isFalse();
    assertThat(at.accept('{').isDead()).isTrue();
    assertThat(at.accept('[').isDead()).isTrue();
    assertThat(at.accept('1').isDead()).isFalse();
  }

  @Test
  void memoryOfManyPositionsIsBounded() {
    Walker walker = walker("llama3");
    Grammar grammar = walker.compiler.compile(new Syntax.Regex("[a-z ]{3000,3900}"));
    for (int run = 0; run < 2; run++) {
      assertThat(walker.generate(grammar, new Random(run))).isNotNull();
    }
    assertThat(grammar.memory()).isLessThan(9 << 20);
  }

  @Test
  void aGrammarIsMadeOnceAndForgottenAfterManyOthers() {
    Walker walker = walker("llama3");
    GrammarCompiler compiler = new GrammarCompiler(walker.vocabulary, () -> 0);
    Grammar first = compiler.compile(new Syntax.Regex("first"));

    assertThat(compiler.compile(new Syntax.Regex("first"))).isSameAs(first);
    for (int i = 0; i < 200; i++) {
      assertThat(compiler.compile(new Syntax.Regex("x" + i))).isNotNull();
    }
    assertThat(compiler.kept()).isEqualTo(64);
    assertThat(compiler.compile(new Syntax.Regex("first"))).isNotSameAs(first);
  }

  @Test
  void theFakeEngineKeepsToAConstraintAndOthersGoOn() {
    Walker walker = walker("llama3");
    FakeEngine engine = new FakeEngine(new KvGeometry(8, 64, 1, 512), walker.vocabulary.size());
    Grammar grammar = walker.compiler.compile(new Syntax.Choice(List.of("hello world")));
    TokenConstraint broken =
        (history, prompt, length) -> {
          throw new IllegalStateException("broken");
        };
    Sampling constrained = Sampling.GREEDY.constrained(grammar.constraint());
    int[] history = Arrays.copyOf(new int[] {5, 6}, 40);
    List<Integer> tokens = new ArrayList<>();
    for (int length = 2; tokens.isEmpty() || tokens.getLast() != walker.stop; length++) {
      StepPlan plan = new StepPlan();
      row(plan, 0, history, length, constrained);
      row(plan, 128, history, length, Sampling.GREEDY);
      row(plan, 256, history, length, Sampling.GREEDY.constrained(broken));
      StepResult.Sampled result = (StepResult.Sampled) engine.submit(plan).await();
      tokens.add(result.tokens()[0]);
      assertThat(result.tokens()[1]).isNotNegative();
      assertThat(result.tokens()[2]).isEqualTo(StepResult.ROW_FAILED);
      history[length] = result.tokens()[0];
    }
    int[] ids = tokens.stream().mapToInt(id -> id).toArray();
    assertThat(walker.tokenizer.decode(ids)).isEqualTo("hello world");
  }

  private static void row(StepPlan plan, int slot, int[] history, int length, Sampling how) {
    plan.row(0);
    plan.tokens(history, 0, length);
    plan.segment(slot, length);
    plan.sample(how, history, 2, length);
  }
}
