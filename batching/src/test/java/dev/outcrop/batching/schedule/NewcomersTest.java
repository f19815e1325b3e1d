package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Tenants that have nothing running go before the rest of long prompts of those that have more, but
 * not for ever: a begun prompt gets on however many tenants come.
 */
class NewcomersTest {
  private static final int STEP = 128;
  private static final int LONG = 1_000;
  private static final int SHORT = 20;

  private final Random random = new Random(3);
  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private final Flow large = new Flow(0, Tier.DEFAULT, 80);
  private final Scheduler scheduler =
      new Scheduler(
          new KvGeometry(4, 100_000, 1, 100_000),
          new Limits(32, 8, STEP, Long.MAX_VALUE, 0.02, 0.5));
  private int tenants = 1;

  @Test
  void goesBeforeTheRestOfALongPromptOfATenantThatHasMore() {
    scheduler.add(sequence(large, 2, 50));
    step();
    scheduler.add(sequence(large, LONG, 2));
    step();
    Sequence newcomer = sequence(newFlow(), SHORT, 2);
    scheduler.add(newcomer);

    step();

    assertThat(newcomer.completionTokens()).isEqualTo(1);
    assertThat(plan.tokens()).as("the rest of the step is for the long one").isEqualTo(STEP);
  }

  @Test
  void waitsForTheRestOfTheOnlyPromptOfATenant() {
    scheduler.add(sequence(large, LONG, 2));
    step();
    Sequence newcomer = sequence(newFlow(), SHORT, 2);
    scheduler.add(newcomer);

    step();

    assertThat(newcomer.phase).isEqualTo(Sequence.Phase.WAITING);
  }

  @Test
  void waitsForTheRestOfAPromptWhereItIsNotItsTurn() {
    Flow other = newFlow();
    scheduler.add(sequence(large, 2, 50));
    step();
    scheduler.add(sequence(large, LONG / 2, 2));
    step();
    Sequence more = sequence(other, SHORT, 2);
    other.counter = large.counter + 1;
    scheduler.add(more);

    step();

    assertThat(more.phase).isEqualTo(Sequence.Phase.WAITING);
  }

  @Test
  void leavesABegunPromptEveryOtherStepHoweverManyTenantsCome() {
    Sequence prompt = streamsAndALongPrompt();
    int begunFor = 0;
    int newcomers = 0;
    while (prompt.completionTokens() == 0) {
      while (scheduler.waiting() < STEP / SHORT + 1) {
        scheduler.add(sequence(newFlow(), SHORT, 1));
      }
      step();
      begunFor++;
      newcomers += ends();
      assertThat(begunFor).isLessThanOrEqualTo(mostSteps());
    }

    assertThat(begunFor).as("they went first").isGreaterThan(Prompts.PATIENCE);
    assertThat(newcomers).isGreaterThan(Prompts.PATIENCE * (STEP / SHORT - 2));
  }

  @Test
  void servesAThousandTenantsWithOneRequestEachAndTheLongPromptsOfOneMore() {
    Sequence prompt = streamsAndALongPrompt();
    List<Flow> crowd = new ArrayList<>();
    IntStream.range(0, 1_000).forEach(_ -> crowd.add(newFlow()));
    int[] served = new int[crowd.size()];
    int begunFor = 0;
    int longPrompts = 0;
    for (int step = 0; step < 10_000; step++) {
      for (Flow flow : crowd) {
        if (flow.idle()) {
          scheduler.add(sequence(flow, SHORT, 2));
          served[flow.tenant - 1]++;
        }
      }
      step();
      begunFor = prompt.phase == Sequence.Phase.PREFILLING ? begunFor + 1 : 0;
      assertThat(begunFor).isLessThanOrEqualTo(mostSteps());
      if (prompt.completionTokens() > 0) {
        longPrompts++;
        prompt = sequence(large, LONG, 1);
        scheduler.add(prompt);
      }
    }

    int least = IntStream.of(served).min().orElseThrow();
    int most = IntStream.of(served).max().orElseThrow();
    assertThat(least).isGreaterThan(20);
    assertThat(most - least).as("of %d and %d", least, most).isLessThanOrEqualTo(3);
    assertThat(longPrompts).isGreaterThan(15);
  }

  /** Patience, every other step, and a few in which one that is alone has begun before. */
  private static int mostSteps() {
    return Prompts.PATIENCE + 2 * Math.ceilDiv(LONG, STEP - 40) + 4;
  }

  private Sequence streamsAndALongPrompt() {
    IntStream.range(0, 4).forEach(_ -> scheduler.add(sequence(large, 2, 40_000)));
    step();
    Sequence prompt = sequence(large, LONG, 2);
    scheduler.add(prompt);
    step();
    return prompt;
  }

  private Flow newFlow() {
    return TestSequences.flow(tenants++, Tier.DEFAULT);
  }

  private Sequence sequence(Flow flow, int prompt, int maxTokens) {
    int[] ids = random.ints(prompt, 0, 1 << 20).toArray();
    return TestSequences.of(flow, ids, maxTokens, new int[0], 4);
  }

  private int ends() {
    return (int) IntStream.range(0, outcome.entries()).filter(i -> outcome.end(i) != null).count();
  }

  private void step() {
    scheduler.plan(plan);
    int rows = plan.rows();
    int[] tokens = new int[rows];
    for (int row = 0; row < rows; row++) {
      tokens[row] = plan.sampling(row) == null ? StepResult.NO_TOKEN : 1;
    }
    scheduler.apply(
        new StepResult.Sampled(tokens, new float[rows], new int[rows][], new float[rows][]),
        1,
        outcome);
  }
}
