package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.BatchingConfig.Drafts;
import dev.outcrop.batching.BatchingConfig.Speculation;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.NextToken;
import dev.outcrop.models.testing.FakeEngine.StepFault;
import dev.outcrop.models.testing.Roofline;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What readers see of guesses: nothing but speed. */
class DraftsTest {
  private static final BatchingConfig CONFIG =
      new BatchingConfig(8, 64, 100, 10_000, 20).with(new Speculation(Drafts.NGRAM, 8));
  private static final int TOKENS = 300;
  private static final int STOP = 96;

  /** The first twenty tokens of the prompt again and again, until a stop token ends it. */
  private static final NextToken COPY =
      (history, prompt, length) -> length == prompt + 250 ? STOP : history[(length - prompt) % 20];

  @Test
  void publishesEveryTokenOfAStepWithItsLogprobs() throws Exception {
    try (Batcher batcher = Requests.start(engine(StepFault.NONE), CONFIG)) {
      List<TokenEvent> events = read(batcher, STOP);

      assertTokens(events);
      assertThat(events.getLast())
          .isEqualTo(new TokenEvent.Finished(TokenEvent.FinishReason.STOP, 40, 0, 251));
      for (TokenEvent event : events.subList(0, 250)) {
        TokenEvent.Token token = (TokenEvent.Token) event;
        assertThat(token.topTokens()).hasSize(2).startsWith(token.id());
        assertThat(token.logprob()).isEqualTo(-0.5f);
      }
      Signals signals = batcher.signals();
      assertThat(signals.completionTokens()).isEqualTo(251);
      assertThat(signals.drafts().accepted()).isGreaterThan(100);
      assertThat(signals.drafts().drafted()).isGreaterThanOrEqualTo(signals.drafts().accepted());
      assertThat(signals.steps()).isLessThan(150);
    }
  }

  @Test
  void runsAFailedStepAgainWithoutGuesses() throws Exception {
    StepFault fault = (step, plan) -> plan.drafts() > 0 ? ModelError.STEP_FAILED : null;
    try (Batcher batcher = Requests.start(engine(fault), CONFIG)) {
      List<TokenEvent> events = read(batcher, STOP);

      assertTokens(events);
      assertThat(batcher.signals().drafts().drafted()).isPositive();
    }
  }

  @Test
  void guessesNothingUnlessToldTo() throws Exception {
    BatchingConfig plain = CONFIG.with(Speculation.DEFAULT);
    try (Batcher batcher = Requests.start(engine(StepFault.NONE), plain)) {
      assertTokens(read(batcher, STOP));
      assertThat(batcher.signals().drafts()).isEqualTo(Signals.Drafts.NONE);
    }
  }

  private static List<TokenEvent> read(Batcher batcher, int stop) throws InterruptedException {
    Sampling how = new Sampling(0, 0, 1, 0, 1, 0, 0, 0, 2);
    return Requests.readAll(
        Requests.accepted(
            batcher,
            new GenerateRequest(prompt(), TOKENS, how, new int[] {stop}, Service.of("tenant", 1))));
  }

  private static int[] prompt() {
    return Arrays.stream(Requests.prompt(40, 1)).map(token -> token % STOP).toArray();
  }

  private static void assertTokens(List<TokenEvent> events) {
    int[] expected = new int[250];
    int[] prompt = prompt();
    Arrays.setAll(expected, i -> prompt[i % 20]);
    assertThat(Requests.ids(events)).containsExactly(expected);
  }

  /** Real time, so that a step of the same size takes about the same. */
  private static FakeEngine engine(StepFault fault) {
    Roofline millisecond = Roofline.dense(1_000_000, 1, 1e9, 1e18, 0);
    return new FakeEngine(
        new KvGeometry(8, 200, 1, 1_000), millisecond, COPY, fault, FakeEngine.Sleeper.REAL);
  }
}
