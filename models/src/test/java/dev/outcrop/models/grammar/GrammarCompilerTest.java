package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Compilations wait, share and are kept within bounds. */
final class GrammarCompilerTest {
  private static final Vocabulary VOCABULARY = Spellings.of(List.of("ab"));
  private static final Syntax NEVER_DONE = new Syntax.Regex("((a{9999}){9999}){9999}");
  private static final Syntax MUCH = new Syntax.Regex("[0-9]{1,400}");
  private static final long FOREVER = Long.MAX_VALUE;

  private final AtomicReference<LongSupplier> clock = new AtomicReference<>(() -> 0);
  private final AtomicInteger looks = new AtomicInteger();

  private GrammarCompiler compiler(int turns, long wait, long memory) {
    return new GrammarCompiler(VOCABULARY, this::nanoTime, turns, wait, memory);
  }

  private long nanoTime() {
    looks.incrementAndGet();
    return clock.get().getAsLong();
  }

  /** A clock that goes on with every look at it. */
  private void runClock(long millis) {
    AtomicLong now = new AtomicLong();
    clock.set(() -> now.addAndGet(millis * 1_000_000));
  }

  /** A clock that stops whoever looks at it. */
  private CountDownLatch stopClock(CountDownLatch inside) {
    CountDownLatch open = new CountDownLatch(1);
    clock.set(
        () -> {
          inside.countDown();
          try {
            open.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          return 0;
        });
    return open;
  }

  @Test
  void whatManyAskForAtOnceIsCompiledOnce() throws Exception {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    int before = looks.get();
    compiler.compile(new Syntax.Regex("a"));
    int once = looks.get() - before;
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch open = stopClock(inside);
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<Grammar> first = threads.submit(() -> compiler.compile(new Syntax.Regex("b")));
      inside.await();
      Future<Grammar> second = threads.submit(() -> compiler.compile(new Syntax.Regex("b")));
      while (compiler.waiting() == 0) {
        Thread.onSpinWait();
      }
      open.countDown();

      assertThat(second.get()).isSameAs(first.get());
    }
    assertThat(looks.get() - before).isEqualTo(2 * once);
  }

  @Test
  void thoseWhoCompileTheSameAtOnceShareOneGrammar() throws Exception {
    GrammarCompiler compiler = compiler(2, FOREVER, FOREVER);
    CountDownLatch inside = new CountDownLatch(2);
    CountDownLatch open = stopClock(inside);
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<Grammar> first = threads.submit(() -> compiler.compile(new Syntax.Regex("b")));
      Future<Grammar> second = threads.submit(() -> compiler.compile(new Syntax.Regex("b")));
      inside.await();
      open.countDown();

      assertThat(second.get()).isSameAs(first.get());
    }
  }

  @Test
  void whoRunsOutOfTimeTakesTheGrammarThatAnotherMadeMeanwhile() throws Exception {
    GrammarCompiler compiler = compiler(2, FOREVER, FOREVER);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch open = stopClock(inside);
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<Grammar> slow = threads.submit(() -> compiler.compile(MUCH));
      inside.await();
      clock.set(() -> 0);
      Grammar made = compiler.compile(MUCH);
      runClock(1_000);
      open.countDown();

      assertThat(slow.get()).isSameAs(made);
      assertThat(compiler.compile(MUCH)).isSameAs(made);
    }
  }

  @Test
  void aRefusalForWantOfTimeIsNotKept() {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    int before = compiler.kept();
    runClock(100);
    assertThatThrownBy(() -> compiler.compile(MUCH)).hasMessageContaining("too complex");
    assertThat(compiler.kept()).isEqualTo(before);

    clock.set(() -> 0);
    assertThat(compiler.compile(MUCH)).isSameAs(compiler.compile(MUCH));
  }

  @Test
  void whatIsLeftOutForWantOfTimeIsEnforcedTheNextTime() {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    int before = compiler.kept();
    Syntax syntax = either(MUCH, "late");
    runClock(40); // the third look is beyond the time for what need not be enforced
    Position start = compiler.compile(syntax).start().position();
    assertThat(start.accept("late".getBytes(StandardCharsets.UTF_8)).isEnd()).isTrue();
    assertThat(compiler.kept()).isEqualTo(before);

    clock.set(() -> 0);
    start = compiler.compile(syntax).start().position();
    assertThat(start.accept("late".getBytes(StandardCharsets.UTF_8)).isDead()).isTrue();
    assertThat(start.accept("77".getBytes(StandardCharsets.UTF_8)).isEnd()).isTrue();
    assertThat(compiler.kept()).isEqualTo(before + 1);
  }

  @Test
  void whoIsInterruptedIsToldToAskAgainAndCanBeAnswered() {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> compiler.compile(new Syntax.Regex("a")))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.COMPILER_BUSY));
    assertThat(Thread.interrupted()).as("what would keep the answer from being written").isFalse();
  }

  @Test
  void whoWouldWaitTooLongIsTurnedAway() throws Exception {
    GrammarCompiler compiler = compiler(1, 0, FOREVER);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch open = stopClock(inside);
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<Grammar> first = threads.submit(() -> compiler.compile(new Syntax.Regex("b")));
      inside.await();

      assertThatThrownBy(() -> compiler.compile(new Syntax.Regex("c")))
          .isInstanceOfSatisfying(
              OutcropException.class,
              e -> assertThat(e.code()).isEqualTo(ModelError.COMPILER_BUSY));
      assertThat(compiler.compile(new Syntax.Json())).as("a grammar that is there").isNotNull();
      open.countDown();
      assertThat(first.get()).isNotNull();
    }
  }

  @Test
  void aRefusalIsKeptForAWhile() {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    assertThatThrownBy(() -> compiler.compile(NEVER_DONE)).hasMessageContaining("too complex");
    int before = looks.get();

    assertThatThrownBy(() -> compiler.compile(NEVER_DONE))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.GRAMMAR_REFUSED))
        .hasMessageContaining("too complex");
    assertThat(looks.get() - before).as("only how old it is").isEqualTo(1);

    clock.set(() -> 61_000_000_000L);
    assertThatThrownBy(() -> compiler.compile(NEVER_DONE)).hasMessageContaining("too complex");
    assertThat(looks.get() - before).isGreaterThan(3);
  }

  @Test
  void refusalsPushOutNoGrammarAndAreFewAndShort() {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    Grammar grammar = compiler.compile(new Syntax.Regex("a"));
    int before = compiler.kept();
    for (int i = 0; i < 100; i++) {
      Syntax bad = new Syntax.JsonSchema("{\"not\":{\"const\":%d}}".formatted(i));
      assertThatThrownBy(() -> compiler.compile(bad)).isInstanceOf(OutcropException.class);
    }
    assertThat(compiler.kept()).isEqualTo(before + 64);
    assertThat(compiler.compile(new Syntax.Regex("a"))).isSameAs(grammar);

    clock.set(() -> 61_000_000_000L);
    Syntax tooLong = new Syntax.Regex("a".repeat((128 << 10) + 1));
    assertThatThrownBy(() -> compiler.compile(tooLong)).hasMessageContaining("too complex");
    assertThat(compiler.kept()).as("without those that are old").isEqualTo(before);
  }

  @Test
  void aStackThatIsTooSmallIsARefusal() {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    AtomicInteger faults = new AtomicInteger(1);
    clock.set(
        () -> {
          if (faults.getAndDecrement() == 1) {
            throw new StackOverflowError();
          }
          return 0;
        });

    assertThatThrownBy(() -> compiler.compile(new Syntax.Regex("a")))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("too complex");
  }

  @Test
  void grammarsAreForgottenByTheMemoryThatTheyTake() {
    GrammarCompiler compiler = compiler(1, FOREVER, 1 << 20);
    for (int i = 0; i < 6; i++) {
      String first = "v" + i;
      List<String> texts = IntStream.range(0, 800).mapToObj(k -> first + "-" + k * 7919).toList();
      assertThat(compiler.compile(new Syntax.Choice(texts)).memory()).isGreaterThan(100_000);
    }
    assertThat(compiler.kept()).isBetween(2, 5);

    String pattern = IntStream.range(0, 9000).mapToObj(i -> "ab").collect(Collectors.joining());
    assertThat(compiler.compile(new Syntax.Choice(List.of(pattern, "c" + pattern))))
        .isSameAs(compiler.compile(new Syntax.Choice(List.of(pattern, "c" + pattern))));
  }

  @Test
  void whatNeedNotBeEnforcedIsEnforcedWhereItCanBeAndLeavesEnoughForTheRest() {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    int before = compiler.kept();
    Syntax syntax =
        new Syntax.AnyOf(
            List.of(
                either(new Syntax.Literal("early"), "late"),
                either(new Syntax.JsonSchema("{\"not\":{}}"), "unknown"),
                either(new Syntax.Choice(List.of()), "nothing"),
                either(NEVER_DONE, "complex"),
                either(new Syntax.Literal("more"), "spent"),
                new Syntax.Regex("[0-9]{1,200}")));
    Position start = compiler.compile(syntax).start().position();

    for (String text : List.of("early", "unknown", "nothing", "complex", "spent", "77")) {
      assertThat(start.accept(text.getBytes(StandardCharsets.UTF_8)).isEnd()).as(text).isTrue();
    }
    for (String text : List.of("late", "more", "aaa")) {
      assertThat(start.accept(text.getBytes(StandardCharsets.UTF_8)).isDead()).as(text).isTrue();
    }
    assertThat(compiler.kept()).isEqualTo(before + 1);
  }

  private static Syntax either(Syntax wanted, String otherwise) {
    return new Syntax.IfPossible(wanted, new Syntax.Literal(otherwise));
  }

  @Test
  void aPartThatStandsInManyPlacesIsCompiledOnce() {
    GrammarCompiler compiler = compiler(1, FOREVER, FOREVER);
    Syntax part = new Syntax.Choice(IntStream.range(0, 800).mapToObj(k -> "v" + k * 7919).toList());
    long once = compiler.compile(part).memory();

    assertThat(compiler.compile(Syntax.of(part, part, part)).memory()).isLessThan(once + once / 10);
  }
}
