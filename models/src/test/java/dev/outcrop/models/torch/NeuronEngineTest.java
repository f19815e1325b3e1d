package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.neuron.NeuronBundle;
import dev.outcrop.models.neuron.NeuronHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine of compiled bundles, with a program that is done by hand. */
final class NeuronEngineTest {
  private static final NeuronHost NONE = new NeuronHost(Map.of(), () -> 0);
  private static final int[] FIRST = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  private static final int[] SECOND = {2, 7, 1};

  @TempDir Path folder;
  private final StepPlan plan = new StepPlan();

  private NeuronEngine open(CountingBundle bundle) throws IOException {
    bundle.write(folder);
    return NeuronEngine.open(NeuronBundle.open(folder), NONE, 1, () -> {});
  }

  private void row(int[] tokens, int from, int to, int slot, Sampling how) {
    plan.row(from);
    plan.tokens(tokens, from, to - from);
    plan.segment(slot * CountingBundle.LONGEST, to);
    if (how != null) {
      plan.sample(how, tokens, tokens.length, to);
    }
  }

  private static StepResult.Sampled run(NeuronEngine engine, StepPlan plan) {
    StepResult result = engine.submit(plan).await();
    assertThat(result).isInstanceOf(StepResult.Sampled.class);
    return (StepResult.Sampled) result;
  }

  private void begin(int rows, int tokens, int context) {
    plan.clear();
    plan.shape(rows, tokens, context);
  }

  @Test
  void runsPromptsInChunksAndDecodesInPaddedBatches() throws IOException {
    long before = Handle.open();
    try (NeuronEngine engine = open(new CountingBundle())) {
      assertThat(engine.geometry()).isEqualTo(new KvGeometry(24, 4, 2 * 2 * 4 * 4, 24));
      begin(1, 8, 12);
      row(FIRST, 0, 8, 2, null);
      assertThat(run(engine, plan).tokens()).containsExactly(StepResult.NO_TOKEN);
      begin(1, 4, 12);
      row(SECOND, 0, 3, 0, Sampling.GREEDY);
      int second = CountingBundle.next(SECOND);
      assertThat(run(engine, plan).tokens()).containsExactly(second);
      begin(1, 4, 12);
      row(FIRST, 8, 10, 2, Sampling.GREEDY);
      int first = CountingBundle.next(FIRST);
      assertThat(run(engine, plan).tokens()).containsExactly(first);

      int[] longer = Arrays.copyOf(FIRST, 11);
      longer[10] = first;
      int[] other = {2, 7, 1, second};
      begin(4, 1, 24);
      row(other, 3, 4, 0, Sampling.GREEDY);
      row(longer, 10, 11, 2, Sampling.GREEDY);
      assertThat(run(engine, plan).tokens())
          .containsExactly(CountingBundle.next(other), CountingBundle.next(longer));

      // Another sequence in a slot that was used sees nothing of the one before.
      begin(1, 4, 12);
      row(new int[] {9}, 0, 1, 2, Sampling.GREEDY);
      assertThat(run(engine, plan).tokens()).containsExactly(CountingBundle.next(9));
    }
    assertThat(Handle.open()).isEqualTo(before);
  }

  @Test
  void takesTheTokensThatTheDeviceChoseWhereNothingElseIsAsked() throws IOException {
    // The device's choice is told apart from that by logits: it is one less.
    CountingBundle bundle =
        new CountingBundle()
            .onDevice()
            .program(
                "torch.select(chosen, 0, row), token)", "torch.select(chosen, 0, row), token - 1)");
    long before = Handle.open();
    try (NeuronEngine engine = open(bundle)) {
      int next = CountingBundle.next(SECOND);
      begin(1, 4, 12);
      row(SECOND, 0, 3, 1, Sampling.GREEDY);
      assertThat(run(engine, plan).tokens()).containsExactly(next - 1);
      begin(1, 4, 12);
      row(SECOND, 0, 3, 1, new Sampling(0.5, 0, 1, 0, 1, 0, 0, 7, -1));
      assertThat(run(engine, plan).tokens()).containsExactly(next);
    }
    assertThat(Handle.open()).isEqualTo(before);
  }

  @Test
  void aRowEndsWhoseLogitsAreNotFiniteWhoeverChooses() throws IOException {
    CountingBundle device =
        new CountingBundle()
            .onDevice()
            .program("torch.select(chosen, 0, row), token)", "torch.select(chosen, 0, row), 61)");
    CountingBundle host = new CountingBundle().program("token), 10.)", "token), float('nan'))");
    for (CountingBundle bundle : List.of(device, host)) {
      try (NeuronEngine engine = open(bundle)) {
        begin(1, 4, 12);
        row(SECOND, 0, 3, 1, Sampling.GREEDY);
        assertThat(run(engine, plan).tokens()).containsExactly(StepResult.ROW_FAILED);
      }
    }
  }

  @Test
  void choosesAsAskedFromTheLogits() throws IOException {
    try (NeuronEngine engine = open(new CountingBundle().ranks(2))) {
      int next = CountingBundle.next(SECOND);
      begin(1, 4, 12);
      row(SECOND, 0, 3, 1, new Sampling(0, 0, 1, 0, 1, 0, 0, 0, 2));
      StepResult.Sampled told = run(engine, plan);
      assertThat(told.tokens()).containsExactly(next);
      assertThat(told.topTokens()[0]).hasSize(2).startsWith(next);
      assertThat(told.logprobs()[0]).isBetween(-0.01f, 0f);

      TokenConstraint only = (history, prompt, length) -> mask(12, 13);
      begin(1, 4, 12);
      row(SECOND, 0, 3, 1, Sampling.GREEDY.constrained(only));
      assertThat(run(engine, plan).tokens()[0]).isIn(12, 13);
    }
  }

  private static TokenConstraint.Mask mask(int... ids) {
    return new TokenConstraint.Mask(true, ids, CountingBundle.VOCABULARY);
  }

  @Test
  void refusesAStepThatWasNotCompiledAndGoesOn() throws IOException {
    long before = Handle.open();
    try (NeuronEngine engine = open(new CountingBundle())) {
      begin(3, 1, 12);
      row(SECOND, 0, 1, 0, Sampling.GREEDY);
      refused(engine, "a step of 3 rows of 1 tokens with a context of 12 was not compiled");
      begin(1, 4, 12);
      row(FIRST, 0, 8, 0, Sampling.GREEDY);
      refused(engine, "8 tokens of a row do not fit 4");
      begin(1, 4, 12);
      row(FIRST, 9, 10, 0, Sampling.GREEDY);
      row(SECOND, 0, 1, 1, Sampling.GREEDY);
      refused(engine, "2 rows do not fit 1");
      begin(1, 4, 12);
      plan.row(0);
      plan.tokens(SECOND, 0, 3);
      plan.segment(7, 3);
      refused(engine, "one of 4 slots of 24 tokens");
      begin(1, 4, 12);
      row(new int[20], 12, 14, 0, Sampling.GREEDY);
      refused(engine, "a row ends at position 14, the context is 12");

      begin(1, 4, 12);
      row(SECOND, 0, 3, 0, Sampling.GREEDY);
      assertThat(run(engine, plan).tokens()).containsExactly(CountingBundle.next(SECOND));
    }
    assertThat(Handle.open()).isEqualTo(before);
  }

  private void refused(NeuronEngine engine, String what) {
    StepResult result = engine.submit(plan).await();
    assertThat(result).isInstanceOf(StepResult.Failed.class);
    OutcropException error = ((StepResult.Failed) result).error();
    assertThat(error.code()).isEqualTo(ModelError.STEP_FAILED);
    assertThat(error).hasRootCauseMessage(String.valueOf(error.getCause().getMessage()));
    assertThat(error.getCause()).hasMessageContaining(what);
  }

  @Test
  void saysWhatIsWrongWithAProgram() throws IOException {
    broken(new CountingBundle().width(60), "returns logits of shape [1, 60], must be [1, 61]");
    broken(
        new CountingBundle().program("context = torch.size(columns, 0)", "context = 0"),
        "does not run 1 rows of 1 tokens with a context of 12 as manifest.json says it does");
    broken(
        new CountingBundle()
            .program("torch.zeros([rows, WIDTH])", "torch.zeros([rows, WIDTH], dtype=7)"),
        "logits that are not float32");
    broken(
        new CountingBundle().onDevice().program("dtype=3", "dtype=4"),
        "tokens that are not int32 [1]");
    broken(
        new CountingBundle()
            .onDevice()
            .program("torch.zeros([rows], dtype=3)", "torch.zeros([8], dtype=3)"),
        "tokens that are not int32 [1]");
    broken(
        new CountingBundle().program("def set_weights", "def take_weights"),
        "does not take the weights beside it");
    broken(
        new CountingBundle().program("def to_neuron", "def to_neuron(:"),
        "libtorch cannot load it");
  }

  private void broken(CountingBundle bundle, String what) {
    long before = Handle.open();
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> open(bundle))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID))
        .withMessageContainingAll("model.pt", what);
    assertThat(Handle.open()).isEqualTo(before);
  }

  @Test
  void runsWeightsInBfloat16ThatNeverCrossToJava() throws IOException {
    try (NeuronEngine engine = open(new CountingBundle().ranks(2).bfloat16())) {
      begin(1, 4, 12);
      row(SECOND, 0, 3, 1, Sampling.GREEDY);
      assertThat(run(engine, plan).tokens()).containsExactly(CountingBundle.next(SECOND));
      long token = 2 * 2 * 4 * 2; // two layers, K and V of one head of four numbers
      assertThat(engine.geometry().bytesPerToken()).isEqualTo(token);
      long weights = 2 * (2 + 4); // of two ranks the weight, and what nothing reads
      assertThat(engine.compiled().deviceBytes())
          .as("both ranks have the one KV head, in four slots and the scratch slot")
          .isEqualTo(weights + 2 * 5 * 24 * token);
    }
  }

  @Test
  void takesNoRankForAnother() throws IOException {
    new CountingBundle().ranks(2).write(folder);
    Path first = folder.resolve("weights/tp0_sharded_checkpoint.safetensors");
    Path second = folder.resolve("weights/tp1_sharded_checkpoint.safetensors");
    Path other = folder.resolve("other");
    Files.move(first, other);
    Files.move(second, first);
    Files.move(other, second);

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> NeuronBundle.open(folder))
        .withMessageContainingAll(
            first.toString(), "has the weights of rank 1 of 2, must be 0 of 2", "--replace");
  }

  /** Weights are mapped, so that a host needs no room for a copy of them. */
  @Test
  void loadsInLessThanHalfOfTheWeightsMemory() throws IOException {
    long weights = 1L << 28;
    open(new CountingBundle()).close(); // libtorch itself
    new CountingBundle().ranks(2).ballast(weights / 2).write(folder);
    long before = ResidentMemory.anonymous();
    AtomicLong most = new AtomicLong();
    try (NeuronEngine engine =
        NeuronEngine.open(
            NeuronBundle.open(folder),
            NONE,
            1,
            () -> most.accumulateAndGet(ResidentMemory.anonymous(), Math::max))) {
      assertThat(engine.geometry().units()).isEqualTo(CountingBundle.SLOTS);
      most.accumulateAndGet(ResidentMemory.anonymous(), Math::max);
    }
    assertThat(most.get() - before).isPositive().isLessThan(weights / 2);
  }

  @Test
  void saysWhatIsMissingWhereThereIsNoNeuron() {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> open(new CountingBundle().backend("neuron")))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.DEVICE_MISSING))
        .withMessageContainingAll("PYTORCH_EXTRA_LIBRARY_PATH is not set", "libtorchneuron.so");
  }

  @Test
  void doesNotRunWhatAnotherLibtorchCompiled() {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> open(new CountingBundle().torch("2.9.0+cu128")))
        .withMessageContainingAll("compiled with PyTorch 2.9.0", "libtorch 2.7.1 runs here");
  }
}
