package dev.outcrop.serving.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.SubmitResult;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.ScriptedBatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class GenerationServiceTest {
  private static final int LONG = 70_000;

  /** What the listener was told of the last generation. */
  private final AtomicLong clock = new AtomicLong();

  private final AtomicInteger firstTokens = new AtomicInteger();
  private String answer = "abc";
  private final List<GenerationListener.Over> overs = new ArrayList<>();
  private final ScriptedBatcher batcher = new ScriptedBatcher(_ -> answer);
  private final GenerationService service =
      new GenerationService(
          () -> clock.getAndAdd(10),
          new GenerationListener() {
            @Override
            public void firstToken(ServedModel model, long nanosSinceArrival) {
              firstTokens.incrementAndGet();
            }

            @Override
            public void nextToken(ServedModel model, long nanosSinceLast) {}

            @Override
            public void over(Over over) {
              overs.add(over);
            }
          });

  private Outcome start(ByteText text, Generation.Input input) throws InterruptedException {
    return service.start(
        new ServedModel("m", List.of(), batcher, text, new SamplingDefaults(0, 0, 1, 0, 1)),
        new Generation(input, 0, Sampling.GREEDY, List.of()),
        new Caller.Anonymous(),
        Purpose.of("Converse"),
        0,
        () -> false);
  }

  @Test
  void refusesATextThatIsTooLongBeforeItIsTokenised() throws Exception {
    ByteText text = new ByteText();
    text.fault = () -> new IllegalStateException("it was tokenised");
    text.mostCharacters = 10;

    Outcome outcome =
        start(
            text,
            new Generation.Chat(
                List.of(ChatMessage.of("system", "12345"), ChatMessage.of("user", "123456")),
                List.of(),
                Map.of()));

    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo(SubmitResult.Reason.NEVER_FITS);
              assertThat(refused.message()).startsWith("11 characters");
            });
    text.mostCharacters = 5;
    assertThat(start(text, new Generation.Text("123456"))).isInstanceOf(Outcome.Refused.class);
    try (RunningGeneration run = running(start(text, new Generation.Text("12345")))) {
      assertThat(run.promptTokens()).isEqualTo(5);
    }
  }

  @Test
  void leavesNoStreamBehindWhenItFails() {
    ByteText text = new ByteText();
    text.noDetokenizer = new IllegalStateException("no detokenizer");

    assertThatThrownBy(() -> start(text, new Generation.Text("a"))).hasMessage("no detokenizer");

    assertThat(batcher.open()).isZero();
  }

  @Test
  void timesTheTokensByTheEnginesClock() throws Exception {
    try (RunningGeneration run = running(start(new ByteText(), new Generation.Text("p")))) {
      while (!(run.next() instanceof GenerationEvent.Ended)) {
        assertThat(overs).isEmpty();
      }
    }

    assertThat(overs)
        .singleElement()
        .satisfies(over -> assertThat(over.tokenNanos()).isEqualTo(20_000_000))
        .satisfies(over -> assertThat(over.usage().completionTokens()).isEqualTo(4));
  }

  @Test
  void tellsOfTheFirstTokenWhereThatIsTheStopToken() throws Exception {
    answer = "";
    try (RunningGeneration run = running(start(new ByteText(), new Generation.Text("p")))) {
      assertThat(run.next()).isInstanceOf(GenerationEvent.Ended.class);
    }

    assertThat(firstTokens).hasValue(1);
    assertThat(overs)
        .singleElement()
        .satisfies(over -> assertThat(over.tokenNanos()).isZero())
        .satisfies(over -> assertThat(over.usage().completionTokens()).isEqualTo(1));
  }

  @Test
  void longTextsLeaveAThreadForShortOnes() throws Exception {
    int cores = Runtime.getRuntime().availableProcessors();
    int most = Math.max(1, cores - 1);
    CountDownLatch open = new CountDownLatch(1);
    AtomicInteger inside = new AtomicInteger();
    ByteText text =
        new ByteText() {
          @Override
          public int[] encodeText(String prompt) {
            if (prompt.length() >= LONG) {
              inside.incrementAndGet();
              try {
                open.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            }
            return super.encodeText(prompt);
          }
        };
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Outcome>> longs = new ArrayList<>();
      for (int i = 0; i <= most; i++) {
        longs.add(threads.submit(() -> start(text, new Generation.Text("x".repeat(LONG)))));
      }
      Await.until(() -> inside.get() == most);

      running(start(text, new Generation.Text("short"))).close();

      assertThat(inside).hasValue(most);
      OutcropException gone =
          org.assertj.core.api.Assertions.catchThrowableOfType(
              OutcropException.class,
              () ->
                  service.start(
                      new ServedModel(
                          "m", List.of(), batcher, text, new SamplingDefaults(0, 0, 1, 0, 1)),
                      new Generation(
                          new Generation.Text("x".repeat(LONG)), 0, Sampling.GREEDY, List.of()),
                      new Caller.Anonymous(),
                      Purpose.of("Converse"),
                      0,
                      () -> true));
      assertThat(gone.code()).isEqualTo(ServingError.CLIENT_GONE);
      open.countDown();
      for (Future<Outcome> future : longs) {
        running(future.get()).close();
      }
    }
    assertThat(inside).hasValue(most + 1);
  }

  private static RunningGeneration running(Outcome outcome) {
    return ((Outcome.Running) outcome).generation();
  }
}
