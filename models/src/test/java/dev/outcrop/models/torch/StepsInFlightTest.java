package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A model in stages with a step in each of them against the same one in a single program, one step
 * after the other. All "devices" are the processor, so that results are equal to the last bit.
 */
@Timeout(120)
class StepsInFlightTest {
  private static final int SEQUENCES = 6;
  private static final int KV = 64;

  /** Reports log probabilities, which tell of logits that differ where tokens do not. */
  private static Sampling sampling(int sequence) {
    return sequence % 2 == 0
        ? new Sampling(0, 0, 1, 0, 1.1, 0, 0, 0, 5)
        : new Sampling(0.8, 40, 0.95, 0, 1, 0, 0, sequence, 5);
  }

  /** One sequence, which is in one step at a time. */
  private static final class Stream {
    final int number;
    final int[] tokens = new int[KV];
    int computed;
    int length;
    final List<Float> logprobs = new ArrayList<>();

    Stream(int number, int vocabulary) {
      this.number = number;
      this.length = 20 + number;
      int[] prompt = new Random(number).ints(length, 0, vocabulary).toArray();
      System.arraycopy(prompt, 0, tokens, 0, length);
    }

    void plan(StepPlan plan, int count) {
      int end = computed + count;
      plan.row(computed);
      plan.tokens(tokens, computed, count);
      plan.segment(number * KV, end);
      if (end == length) {
        plan.sample(sampling(number), tokens, 20 + number, length);
      }
      computed = end;
    }

    void take(StepResult.Sampled result, int row) {
      assertThat(result.tokens()[row]).isNotNegative();
      tokens[length++] = result.tokens()[row];
      logprobs.add(result.logprobs()[row]);
      for (float logprob : result.topLogprobs()[row]) {
        logprobs.add(logprob);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gemma3_text", "qwen2_moe", "deepseek_v3"})
  void saysWhatTheWholeModelSays(String name) {
    Fixture fixture = Fixture.read(name);
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, SEQUENCES * KV, 1);
    int layers = fixture.config().layers().size();
    List<Stream> whole = run(fixture, options);
    for (int stages : new int[] {2, layers}) {
      List<Stream> staged = run(fixture, options.on(Stages.processors(stages)));
      for (int i = 0; i < SEQUENCES; i++) {
        assertThat(staged.get(i).tokens).isEqualTo(whole.get(i).tokens);
        assertThat(staged.get(i).logprobs).isEqualTo(whole.get(i).logprobs);
      }
    }
  }

  private record Step(StepPlan plan, List<Stream> rows, Engine.Pending pending) {}

  /**
   * Sequences in as many groups as the deepest engine has stages, each group in one step; prompts
   * in two chunks that follow each other without a wait.
   */
  private static List<Stream> run(Fixture fixture, TorchOptions options) {
    final long handles = TorchEngine.openHandles();
    List<Stream> streams = new ArrayList<>();
    for (int i = 0; i < SEQUENCES; i++) {
      streams.add(new Stream(i, fixture.config().vocabularySize()));
    }
    int groups = fixture.config().layers().size();
    ArrayDeque<Step> inFlight = new ArrayDeque<>();
    int most = 0;
    try (TorchEngine engine = TorchEngine.open(fixture.config(), fixture.checkpoint(), options)) {
      for (Stream stream : streams) {
        submit(engine, inFlight, List.of(stream), 9);
        submit(engine, inFlight, List.of(stream), stream.length - stream.computed);
        most = Math.max(most, inFlight.size());
      }
      while (!inFlight.isEmpty()) {
        end(inFlight);
      }
      for (int token = 0; token < 12; token++) {
        for (int group = 0; group < groups; group++) {
          List<Stream> rows = new ArrayList<>();
          for (int i = group; i < SEQUENCES; i += groups) {
            rows.add(streams.get(i));
          }
          submit(engine, inFlight, rows, 1);
          most = Math.max(most, inFlight.size());
        }
        while (!inFlight.isEmpty()) {
          end(inFlight);
        }
      }
      assertThat(most).isEqualTo(engine.stages());
      assertThat(TorchEngine.openHandles()).isEqualTo(handles);
    }
    return streams;
  }

  private static void submit(
      TorchEngine engine, ArrayDeque<Step> inFlight, List<Stream> rows, int tokens) {
    if (inFlight.size() == engine.stages()) {
      end(inFlight);
    }
    StepPlan plan = new StepPlan();
    for (Stream row : rows) {
      row.plan(plan, tokens);
    }
    inFlight.add(new Step(plan, rows, engine.submit(plan)));
  }

  private static void end(ArrayDeque<Step> inFlight) {
    Step step = inFlight.remove();
    StepResult.Sampled result = (StepResult.Sampled) step.pending.await();
    for (int row = 0; row < step.rows.size(); row++) {
      if (step.plan.sampling(row) != null) {
        step.rows.get(row).take(result, row);
      } else {
        assertThat(result.tokens()[row]).isEqualTo(StepResult.NO_TOKEN);
      }
    }
  }

  /** The second step moves KV that the first one writes, and reads it where it is then. */
  @Test
  void movesKvBetweenStepsInFlight() {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 512, 1);
    try (TorchEngine two =
        TorchEngine.open(
            fixture.config(), fixture.checkpoint(), options.on(Stages.processors(2)))) {
      StepPlan first = new StepPlan();
      fixture.row(first, 0, 40, 64, 32, 0, 8);
      StepPlan second = new StepPlan();
      second.move(64, 256, 32);
      second.move(0, 288, 8);
      fixture.row(second, 40, 41, 256, 41);
      Engine.Pending one = two.submit(first);
      Engine.Pending other = two.submit(second);

      assertThat(one.await()).isInstanceOf(StepResult.Sampled.class);
      assertThat(((StepResult.Sampled) other.await()).tokens()).containsExactly(fixture.best(41));
    }
  }

  /** A step that fails has made its moves in every stage, and the next one finds them made. */
  @Test
  void failsOneStepOfThoseInFlight() {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 512, 1);
    try (TorchEngine two =
        TorchEngine.open(
            fixture.config(), fixture.checkpoint(), options.on(Stages.processors(2)))) {
      final long handles = TorchEngine.openHandles();
      StepPlan first = new StepPlan();
      fixture.row(first, 0, 40, 64, 40);
      assertThat(two.submit(first).await()).isInstanceOf(StepResult.Sampled.class);
      StepPlan broken = new StepPlan();
      broken.move(64, 256, 40);
      broken.row(0);
      broken.tokens(new int[] {1_000_000}, 0, 1);
      broken.segment(128, 1);
      broken.sample(Sampling.GREEDY, new int[] {1_000_000}, 1, 1);
      StepPlan next = new StepPlan();
      fixture.row(next, 40, 41, 256, 41);
      Engine.Pending fails = two.submit(broken);
      Engine.Pending goesOn = two.submit(next);

      assertThat(fails.await())
          .isInstanceOfSatisfying(
              StepResult.Failed.class,
              it -> assertThat(it.error().code()).isEqualTo(ModelError.STEP_FAILED));
      assertThat(((StepResult.Sampled) goesOn.await()).tokens()).containsExactly(fixture.best(41));
      assertThat(TorchEngine.openHandles()).isEqualTo(handles);
    }
  }

  /** Nothing of a step is left behind that its first stage refused, and no thread. */
  @Test
  void closesAfterAStageRefusedAStep() {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 512, 1);
    final long handles = TorchEngine.openHandles();
    TorchEngine two =
        TorchEngine.open(fixture.config(), fixture.checkpoint(), options.on(Stages.processors(2)));
    StepPlan plan = new StepPlan();
    fixture.row(plan, 0, 4, 10_000_000, 4); // outside of the arena: libtorch refuses it
    StepResult result = two.submit(plan).await();
    assertThat(result)
        .isInstanceOfSatisfying(
            StepResult.Failed.class,
            it -> assertThat(it.error()).isInstanceOf(OutcropException.class));
    two.close();
    assertThat(TorchEngine.openHandles()).isEqualTo(handles);
    assertThat(Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
        .noneMatch(name -> name.startsWith("stage-"));
  }
}
