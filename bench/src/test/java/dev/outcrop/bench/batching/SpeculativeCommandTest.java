package dev.outcrop.bench.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.BatchingConfig.Drafts;
import dev.outcrop.batching.BatchingConfig.Speculation;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineBench;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The command on a small shape, and what its engine answers of itself. */
final class SpeculativeCommandTest {
  private static final int TOKENS = 24;
  private static final List<String> LOADS = List.of("copy", "edit", "new", "chance");

  @Test
  void countsWhatWasGuessedAndWhatOfItWasRight() throws Exception {
    JsonNode json =
        stdout(
            "--shape=64,2,4,2,128,256",
            "--dtype=float32",
            "--batch=1,2",
            "--prompt=48",
            "--tokens=" + TOKENS,
            "--max-drafts=4",
            "--repeats=1",
            "--threads=1");

    JsonNode results = json.get("results");
    assertThat(results.findValuesAsText("load")).containsExactlyElementsOf(twice(LOADS));
    for (JsonNode result : results) {
      long drafted = result.get("drafted").longValue();
      long accepted = result.get("accepted").longValue();
      int batch = result.get("batch").intValue();
      String load = result.get("load").textValue();
      assertThat(accepted).as(load).isBetween(0L, drafted);
      double plain = result.get("plainTokensPerSecond").doubleValue();
      double drafting = result.get("draftingTokensPerSecond").doubleValue();
      assertThat(result.get("ratio").doubleValue()).as(load).isEqualTo(drafting / plain);
      assertThat(json.get(load + "Batch" + batch)).as(load).isEqualTo(result.get("ratio"));
      if (batch == 1) {
        // The first token comes with the prompt, each other one of a step or of a right guess.
        assertThat(result.get("tokensPerStep").doubleValue())
            .as(load)
            .isCloseTo((TOKENS - 1.) / (TOKENS - 1 - accepted), within(1e-9));
      }
    }
    // How many it tries depends on what steps take here; a copy is guessed right at the first try.
    assertThat(results.get(0).get("accepted").longValue()).isPositive();
    assertThat(json.get("shape").get("maxDrafts").intValue()).isEqualTo(4);
  }

  /** By a clock to which all steps take the same, so that right guesses always pay. */
  @Test
  void guessesCopiesRightAndNothingOfWhatIsNew() {
    try (MeasuredEngine engine =
        MeasuredEngine.of(
            new EngineBench.Shape(64, 2, 4, 2, 128, 256), ComputeType.FLOAT32, 2, 76, 1)) {
      DraftedRun plain = run(engine, Script.COPY, 0);
      DraftedRun copy = run(engine, Script.COPY, 4);
      DraftedRun edit = run(engine, Script.EDIT, 4);
      DraftedRun never = run(engine, Script.NEW, 4);

      assertThat(plain.drafted()).isZero();
      assertThat(List.of(copy.tokens(), edit.tokens(), never.tokens()))
          .containsOnly(plain.tokens());
      assertThat(copy.accepted()).isGreaterThan(TOKENS);
      assertThat(copy.steps()).isLessThan(plain.steps() / 2);
      assertThat(edit.accepted()).isBetween(1L, copy.accepted() - 1);
      assertThat(never.accepted()).isLessThan(3);
    }
  }

  private static DraftedRun run(MeasuredEngine engine, Script load, int drafts) {
    int[][] scripts = new int[2][];
    for (int i = 0; i < scripts.length; i++) {
      scripts[i] = load.tokens(48, TOKENS, 256, i);
    }
    AtomicLong clock = new AtomicLong();
    return DraftedRun.of(engine.engine(), scripts, 48, drafts, () -> clock.addAndGet(1_000_000));
  }

  /**
   * Weights by chance fall into loops, which guesses follow. In float32, see DraftedAnswersTest.
   */
  @Test
  void answersTheSameWithAndWithoutGuesses() throws Exception {
    try (EngineBench bench =
        EngineBench.open(
            new EngineBench.Shape(64, 2, 4, 2, 128, 64), ComputeType.FLOAT32, 64, 512, 1)) {
      Answered plain = answered(bench, Drafts.NONE);
      Answered drafted = answered(bench, Drafts.NGRAM);

      assertThat(plain.drafted).isZero();
      assertThat(drafted.drafted).isPositive();
      assertThat(drafted.accepted).isBetween(1L, drafted.drafted);
      assertThat(drafted.tokens).isEqualTo(plain.tokens);
      assertThat(plain.tokens).hasSize(4).allSatisfy(all -> assertThat(all).hasSize(96));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--batch=0", "--batch=65", "--prompt=1", "--tokens=1", "--max-drafts=0"})
  void refusesWhatIsOutOfBounds(String option) {
    assertThat(
            new CommandLine(new SpeculativeCommand())
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .execute(option))
        .isEqualTo(2);
  }

  /** An engine that another batcher runs later. */
  private record Shared(Engine engine) implements Engine {
    @Override
    public KvGeometry geometry() {
      return engine.geometry();
    }

    @Override
    public Pending submit(StepPlan plan) {
      return engine.submit(plan);
    }

    @Override
    public void close() {}
  }

  private record Answered(List<List<Integer>> tokens, long drafted, long accepted) {}

  private static Answered answered(EngineBench bench, Drafts drafts) throws InterruptedException {
    BatchingConfig config = BatchingConfig.DEFAULT.with(new Speculation(drafts, 8));
    try (Batcher batcher =
        Batchers.start("guesses", new Shared(bench.engine()), config, System::nanoTime)) {
      List<TokenStream> streams = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int[] prompt = new Random(i).ints(12, 0, 64).toArray();
        streams.add(
            Answers.accepted(
                batcher.submit(
                    new GenerateRequest(
                        prompt,
                        96,
                        Sampling.GREEDY,
                        new int[0],
                        GenerateRequest.Service.of("tenant", 1)))));
      }
      List<List<Integer>> tokens = new ArrayList<>();
      for (TokenStream stream : streams) {
        tokens.add(Answers.read(stream));
      }
      var counts = batcher.signals().drafts();
      return new Answered(tokens, counts.drafted(), counts.accepted());
    }
  }

  private static List<String> twice(List<String> words) {
    List<String> all = new ArrayList<>(words);
    all.addAll(words);
    return all;
  }

  private static JsonNode stdout(String... arguments) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      CommandLine command =
          new CommandLine(new SpeculativeCommand()).setCaseInsensitiveEnumValuesAllowed(true);
      assertThat(command.execute(arguments)).as(Arrays.toString(arguments)).isZero();
    } finally {
      System.setOut(before);
    }
    return new ObjectMapper().readTree(out.toByteArray());
  }
}
