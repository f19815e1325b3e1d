package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Fit;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.PromptCache;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.SubmitResult.Rejected;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenEvent.FinishReason;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.testing.FakeEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The batcher as its callers see it. */
class BatcherTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 64, 1, 128);
  private static final BatchingConfig CONFIG = new BatchingConfig(8, 16, 100, 1_000, 20);

  private final FakeEngine engine = Requests.engine(GEOMETRY);

  @Test
  void generatesUpToTheTokenLimit() throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      int[] prompt = {1, 2, 3, 4, 5};

      List<TokenEvent> events = Requests.readAll(Requests.accepted(batcher, prompt, 7));

      assertThat(Requests.ids(events)).containsExactly(Requests.expected(prompt, 7));
      assertThat(events.getLast()).isEqualTo(new TokenEvent.Finished(FinishReason.LENGTH, 5, 0, 7));
    }
  }

  /** Dynamic and long rope: keys of sequences of other lengths do not fit. */
  @Test
  void findsAPrefixOnlyWherePositionsHaveTheSameForm() throws Exception {
    FakeEngine formed =
        Requests.engine(new KvGeometry(4, 64, 1, 256))
            .withForms(tokens -> tokens > 40 ? tokens : 0);
    int[] prompt = Requests.prompt(21, 5);
    int[] maxTokens = {9, 19, 20, 20, 21, 9};
    int[] found = {0, 20, 0, 20, 0, 20};
    try (Batcher batcher = Requests.start(formed, CONFIG)) {
      for (int i = 0; i < found.length; i++) {
        List<TokenEvent> events =
            Requests.readAll(Requests.accepted(batcher, prompt, maxTokens[i]));

        assertThat(Requests.ids(events)).isEqualTo(Requests.expected(prompt, maxTokens[i]));
        assertThat(events.getLast())
            .isEqualTo(new TokenEvent.Finished(FinishReason.LENGTH, 21, found[i], maxTokens[i]));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void findsThePrefixOfAnotherTenantOnlyWhereTheOperatorSharesIt(BatchingConfig.Prefixes prefixes)
      throws Exception {
    BatchingConfig.Sharing sharing = BatchingConfig.Sharing.DEFAULT;
    BatchingConfig config =
        new BatchingConfig(
            8,
            16,
            100,
            1_000,
            20,
            new BatchingConfig.Sharing(
                sharing.guests(),
                sharing.tokenInterval(),
                sharing.flexFloor(),
                prefixes,
                sharing.cacheShare(),
                sharing.tenantRequests(),
                sharing.tenantTokens()),
            BatchingConfig.Objectives.DEFAULT,
            CompiledShapes.DEFAULT);
    int[] prompt = Requests.prompt(17, 3);
    try (Batcher batcher = Requests.start(engine, config)) {
      Requests.readAll(Requests.accepted(batcher, of("one", prompt)));
      List<TokenEvent> other = Requests.readAll(Requests.accepted(batcher, of("other", prompt)));
      List<TokenEvent> again = Requests.readAll(Requests.accepted(batcher, of("one", prompt)));

      int found = prefixes == BatchingConfig.Prefixes.ALL ? 16 : 0;
      assertThat(other.getLast())
          .isEqualTo(new TokenEvent.Finished(FinishReason.LENGTH, 17, found, 2));
      assertThat(again.getLast())
          .isEqualTo(new TokenEvent.Finished(FinishReason.LENGTH, 17, 16, 2));
    }
  }

  @Test
  void tellsWhatThePromptReadFromTheCacheAndWroteThere() throws Exception {
    int[] prompt = Requests.prompt(21, 3);
    try (Batcher batcher = Requests.start(engine, CONFIG);
        TokenStream first = Requests.accepted(batcher, of("one", prompt))) {
      first.next();
      assertThat(first.promptCache()).isEqualTo(new PromptCache(0, 20));
      Requests.readAll(first);
      assertThat(first.promptCache()).isEqualTo(new PromptCache(0, 20));

      TokenStream again = Requests.accepted(batcher, of("one", prompt));
      Requests.readAll(again);
      TokenStream longer = Requests.accepted(batcher, of("one", Requests.prompt(40, 3)));
      Requests.readAll(longer);

      assertThat(again.promptCache()).isEqualTo(new PromptCache(20, 0));
      assertThat(longer.promptCache()).isEqualTo(new PromptCache(20, 20));
    }
  }

  private static GenerateRequest of(String tenant, int[] prompt) {
    return new GenerateRequest(
        prompt, 2, Sampling.GREEDY, new int[0], GenerateRequest.Service.of(tenant, 1));
  }

  @Test
  void stopsAtAStopTokenWithoutPublishingIt() throws Exception {
    int[] prompt = {9, 9, 4};
    int[] free = Requests.expected(prompt, 10);
    int[] stops = {free[3]};
    int[] expected = Requests.expected(prompt, 10, stops);
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      List<TokenEvent> events =
          Requests.readAll(Requests.accepted(batcher, Requests.request(prompt, 10, stops)));

      assertThat(Requests.ids(events)).containsExactly(expected);
      assertThat(events.getLast())
          .isEqualTo(new TokenEvent.Finished(FinishReason.STOP, 3, 0, expected.length + 1));
    }
  }

  @Test
  void runsAPromptLongerThanTheStepInChunks() throws Exception {
    int[] prompt = Requests.prompt(77, 1);
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      List<TokenEvent> events = Requests.readAll(Requests.accepted(batcher, prompt, 3));

      assertThat(Requests.ids(events)).containsExactly(Requests.expected(prompt, 3));
      assertThat(batcher.signals().steps()).isEqualTo(5 + 2);
      assertThat(batcher.signals().promptTokens()).isEqualTo(77);
      assertThat(batcher.signals().completionTokens()).isEqualTo(3);
    }
  }

  @Test
  void clampsAMissingTokenLimitToWhatFits() throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      var shortPrompt =
          Requests.readAll(
              Requests.accepted(batcher, Requests.prompt(5, 1), GenerateRequest.AS_MANY_AS_FIT));
      var longPrompt =
          Requests.readAll(
              Requests.accepted(batcher, Requests.prompt(125, 1), GenerateRequest.AS_MANY_AS_FIT));

      assertThat(Requests.ids(shortPrompt)).hasSize(20);
      assertThat(Requests.ids(longPrompt)).hasSize(3);
    }
  }

  @Test
  void clampsATokenLimitToWhatFitsWhereFewerDo() throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      GenerateRequest request = Requests.request(Requests.prompt(125, 1), 29);
      GenerateRequest orFewer =
          new GenerateRequest(
              request.prompt(),
              29,
              true,
              request.sampling(),
              request.stopTokens(),
              request.service());

      assertThat(Requests.ids(Requests.readAll(Requests.accepted(batcher, orFewer)))).hasSize(3);
    }
  }

  @Test
  void tellsWhatARequestCanComeTo() {
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      GenerateRequest request = Requests.request(Requests.prompt(100, 1), 1_000_000_000);
      GenerateRequest orFewer =
          new GenerateRequest(
              request.prompt(),
              request.maxTokens(),
              true,
              request.sampling(),
              request.stopTokens(),
              request.service());

      assertThat(batcher.fit(orFewer)).isEqualTo(new Fit.Fits(28));
      assertThat(batcher.fit(request)).isInstanceOf(Fit.Never.class);
      assertThat(batcher.fit(Requests.request(Requests.prompt(5, 1), 7)))
          .isEqualTo(new Fit.Fits(7));
      assertThat(
              batcher.fit(Requests.request(Requests.prompt(5, 1), GenerateRequest.AS_MANY_AS_FIT)))
          .isEqualTo(new Fit.Fits(CONFIG.defaultMaxTokens()));
    }
  }

  @Test
  void rejectsWhatCanNeverFitAndNamesTheNumbers() {
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      assertThat(batcher.submit(Requests.request(Requests.prompt(100, 1), 29)))
          .isEqualTo(
              new Rejected(
                  Reason.NEVER_FITS,
                  "prompt of 100 tokens and 29 to generate exceed the context of 128",
                  Duration.ZERO));
      assertThat(
              batcher.submit(
                  Requests.request(Requests.prompt(128, 1), GenerateRequest.AS_MANY_AS_FIT)))
          .isEqualTo(
              new Rejected(
                  Reason.NEVER_FITS,
                  "prompt of 128 tokens leaves no room to generate in the context of 128",
                  Duration.ZERO));
    }
  }

  @Test
  void tellsACompletionThatNeverFitsFromAPromptThatIsTooLong() {
    try (Batcher batcher = Requests.start(engine, CONFIG);
        Batcher small = Requests.start(Requests.engine(new KvGeometry(4, 8, 1, 128)), CONFIG)) {
      assertThat(batcher.submit(Requests.request(Requests.prompt(1, 1), 128)))
          .isEqualTo(
              new Rejected(
                  Reason.COMPLETION_NEVER_FITS,
                  "128 tokens to generate leave no room for a prompt in the context of 128",
                  Duration.ZERO));
      assertThat(batcher.submit(Requests.request(Requests.prompt(2, 1), 127)))
          .isInstanceOfSatisfying(
              Rejected.class, it -> assertThat(it.reason()).isEqualTo(Reason.NEVER_FITS));
      assertThat(small.submit(Requests.request(Requests.prompt(1, 1), 32)))
          .isEqualTo(
              new Rejected(
                  Reason.COMPLETION_NEVER_FITS,
                  "32 tokens to generate leave no room for a prompt in the KV cache of 32",
                  Duration.ZERO));
    }
  }

  @Test
  void rejectsWhatNeverFitsIntoTheArena() {
    try (Batcher batcher = Requests.start(Requests.engine(new KvGeometry(4, 8, 1, 128)), CONFIG)) {
      assertThat(batcher.submit(Requests.request(Requests.prompt(30, 1), 3)))
          .isEqualTo(
              new Rejected(
                  Reason.NEVER_FITS,
                  "prompt of 30 tokens and 3 to generate exceed the KV cache of 32 tokens",
                  Duration.ZERO));
      assertThat(
              batcher.submit(
                  Requests.request(Requests.prompt(32, 1), GenerateRequest.AS_MANY_AS_FIT)))
          .isInstanceOfSatisfying(
              Rejected.class, it -> assertThat(it.reason()).isEqualTo(Reason.NEVER_FITS));
    }
  }

  @Test
  void takesWhatFitsExactly() throws Exception {
    try (Batcher batcher = Requests.start(Requests.engine(new KvGeometry(4, 8, 1, 128)), CONFIG)) {
      var events = Requests.readAll(Requests.accepted(batcher, Requests.prompt(30, 1), 2));

      assertThat(Requests.ids(events)).hasSize(2);
    }
  }

  @Test
  void keepsAnsweringTheLastEvent() throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      TokenStream stream = Requests.accepted(batcher, Requests.prompt(3, 1), 2);
      List<TokenEvent> events = Requests.readAll(stream);

      assertThat(stream.next()).isSameAs(events.getLast());
      assertThat(stream.next(Duration.ZERO)).isSameAs(events.getLast());
    }
  }

  @Test
  void freesTheKvOfEveryRequestBeforeItsReaderSeesTheEnd() throws Exception {
    try (Batcher batcher = Requests.start(engine, CONFIG)) {
      List<TokenStream> streams = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        streams.add(Requests.accepted(batcher, Requests.prompt(3 + i, i), 5));
      }
      for (TokenStream stream : streams) {
        Requests.readAll(stream);
      }

      assertThat(batcher.signals().kvUnitsReferenced()).isZero();
      assertThat(batcher.signals().running()).isZero();
      assertThat(batcher.signals().waiting()).isZero();
      assertThat(batcher.signals().waitingPromptTokens()).isZero();
    }
  }
}
