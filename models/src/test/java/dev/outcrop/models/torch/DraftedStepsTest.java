package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.engine.TokenConstraint;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A row with drafts brings what as many steps of one token would, as far as its drafts are right.
 */
class DraftedStepsTest {
  private static final int COMPLETION = 60;
  private static final int PROMPT = 30;

  private static Fixture fixture;
  private static TorchEngine engine;

  private final StepPlan plan = new StepPlan();

  /** What one token came with. */
  private record Chosen(int token, float logprob, List<Integer> top) {}

  static List<Sampling> samplings() {
    TokenConstraint odd =
        (history, prompt, length) -> {
          for (int i = prompt; i < length; i++) {
            if (history[i] % 2 == i % 2) {
              throw new IllegalStateException("a token that could not come");
            }
          }
          int[] ids = IntStream.range(0, 120).filter(id -> id % 2 != length % 2).toArray();
          return new TokenConstraint.Mask(true, ids, 120);
        };
    return List.of(
        Sampling.GREEDY,
        new Sampling(0, 0, 1, 0, 1.3, 0.4, 0.7, 0, 2),
        new Sampling(0.9, 0, 0.95, 0, 1.1, 0.1, 0.1, 77, 3),
        new Sampling(1.2, 12, 1, 0.01, 1, 0, 0.5, 78, 0),
        new Sampling(0.9, 0, 0.95, 0, 1.1, 0.1, 0.1, 79, 3).constrained(odd),
        Sampling.GREEDY.constrained(odd));
  }

  @BeforeAll
  static void open() {
    fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 500, 1);
    engine = TorchEngine.open(fixture.config(), fixture.checkpoint(), options);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @ParameterizedTest
  @MethodSource("samplings")
  void bringsTheTokensOfPlainSteps(Sampling how) {
    List<Chosen> plain = new ArrayList<>();
    int[] tokens = generate(how, plain, null);
    for (int seed = 0; seed < 4; seed++) {
      List<Chosen> drafted = new ArrayList<>();
      assertThat(generate(how, drafted, new Guesses(tokens, new Random(seed)))).isEqualTo(tokens);
      for (int i = 0; i < COMPLETION; i++) {
        Chosen one = plain.get(i);
        Chosen other = drafted.get(i);
        assertThat(other.top()).isEqualTo(one.top());
        if (how.logprobs() >= 0) {
          assertThat(other.logprob()).isCloseTo(one.logprob(), within(1e-4f));
        }
      }
    }
  }

  /** Guesses of which many are right. */
  private record Guesses(int[] right, Random random) {
    int guess(int position) {
      boolean wrong = position >= right.length || random.nextInt(5) == 0;
      return wrong ? random.nextInt(fixture.config().vocabularySize()) : right[position];
    }
  }

  /** Prompt and completion; the KV lies in two pieces, and a neighbour decodes beside. */
  private int[] generate(
      Sampling how, List<Chosen> chosen, @org.jspecify.annotations.Nullable Guesses guesses) {
    int end = PROMPT + COMPLETION;
    int[] tokens = java.util.Arrays.copyOf(fixture.tokens(), end + 8);
    int computed = 0;
    int length = PROMPT;
    while (length < end) {
      int drafts = guesses == null || computed == 0 ? 0 : guesses.random().nextInt(6);
      for (int i = 0; i < drafts && guesses != null; i++) {
        tokens[length + i] = guesses.guess(length + i);
      }
      plan.clear();
      fixture.row(plan, 7, 8, 384, 8);
      int used = length + drafts;
      plan.row(computed);
      plan.tokens(tokens, computed, used - computed);
      plan.segment(64, Math.min(used, 64));
      if (used > 64) {
        plan.segment(256, used - 64);
      }
      plan.sample(how, tokens, PROMPT, used);
      plan.drafted(drafts);
      fixture.row(plan, 3, 4, 416, 4);
      StepResult.Sampled result = (StepResult.Sampled) engine.submit(plan).await();
      assertThat(result.tokens()).hasSize(3 + drafts);
      assertThat(result.tokens()[2 + drafts]).isGreaterThanOrEqualTo(0);
      boolean right = true;
      for (int i = 0; right && length < end; i++) {
        int at = plan.firstResult(1) + i;
        int token = result.tokens()[at];
        right = i < drafts && tokens[length] == token;
        tokens[length++] = token;
        chosen.add(
            new Chosen(
                token,
                result.logprobs()[at],
                IntStream.of(result.topTokens()[at]).boxed().toList()));
      }
      computed = length - 1;
    }
    return java.util.Arrays.copyOf(tokens, end);
  }
}
