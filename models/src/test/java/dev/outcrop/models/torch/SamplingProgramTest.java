package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The sampling program on given logits against a plain reference that sorts, for a vocabulary that
 * the greedy token is looked for in chunks of and for one without a divisor.
 */
@ParameterizedClass
@ValueSource(ints = {1500, 1511})
class SamplingProgramTest {
  private static final int GRID = 500;

  private static TorchProgram program;

  @Parameter int vocabulary;

  @BeforeParameterizedClassInvocation
  static void load(int size) {
    TorchProgram.threads(1);
    program = TorchProgram.load(DecoderProgram.text(Configs.tiny(size), ElementType.FLOAT32, true));
  }

  @AfterParameterizedClassInvocation
  static void close() {
    program.close();
  }

  static Stream<Arguments> settings() {
    // Spread of the logits (large: few likely tokens), temperature, top-k, top-p, min-p.
    return Stream.of(
        Arguments.of(3.0, 1.0, 0, 1.0, 0.0),
        Arguments.of(3.0, 0.5, 0, 1.0, 0.0),
        Arguments.of(3.0, 1.7, 20, 1.0, 0.0),
        Arguments.of(0.3, 1.0, 400, 1.0, 0.0),
        Arguments.of(0.3, 1.0, 1200, 1.0, 0.0),
        Arguments.of(3.0, 1.0, 0, 0.9, 0.0),
        Arguments.of(0.3, 1.0, 0, 0.9, 0.0),
        Arguments.of(3.0, 1.0, 0, 1.0, 0.05),
        Arguments.of(0.3, 1.0, 0, 1.0, 0.3),
        Arguments.of(3.0, 0.8, 50, 0.8, 0.02),
        Arguments.of(0.3, 0.8, 1200, 0.8, 0.2),
        Arguments.of(3.0, 1.0, 5000, 0.01, 1.0));
  }

  @ParameterizedTest
  @MethodSource("settings")
  void drawsEveryTokenAsOftenAsTheReferenceSays(
      double spread, double temperature, int topK, double topP, double minP) {
    float[] logits = logits(spread, 5);
    double[] wanted = reference(logits, temperature, topK, topP, minP);

    // The inverse of the cumulative distribution on a grid of u: counts are exact but for rounding.
    int[] drawn = new int[vocabulary];
    double[] numbers = new double[7 * GRID];
    for (int i = 0; i < GRID; i++) {
      double[] row = {temperature, topP, minP, 1, 0, 0, (i + 0.5) / GRID};
      System.arraycopy(row, 0, numbers, 7 * i, 7);
    }
    long[] counts = new long[5 * GRID];
    for (int i = 0; i < GRID; i++) {
      counts[5 * i] = topK;
      counts[5 * i + 1] = -1;
    }
    float[] rows = new float[GRID * vocabulary];
    for (int i = 0; i < GRID; i++) {
      System.arraycopy(logits, 0, rows, i * vocabulary, vocabulary);
    }
    for (long token : choose(rows, numbers, counts, new long[0]).longs(0)) {
      drawn[(int) token]++;
    }

    for (int v = 0; v < vocabulary; v++) {
      if (wanted[v] == 0) {
        assertThat(drawn[v]).as("token that was cut").isZero();
      }
      assertThat((double) drawn[v]).isCloseTo(wanted[v] * GRID, within(1.01));
    }
  }

  @Test
  void appliesPenaltiesAsTheReferenceDoes() {
    float[] logits = logits(2, 6);
    long[] seen = {3, 4, 4, 7, 9, 9, 9, 3};
    long[] completion = Arrays.copyOfRange(seen, 3, seen.length);

    float[] got =
        program.runFloats(
            "penalised",
            program.floats(logits, vocabulary),
            IValue.from(1.3),
            IValue.from(0.4),
            IValue.from(0.25),
            program.longs(seen, seen.length),
            program.longs(completion, completion.length));

    float[] wanted = logits.clone();
    for (int v : new int[] {3, 4, 7, 9}) {
      wanted[v] = wanted[v] < 0 ? wanted[v] * 1.3f : wanted[v] / 1.3f;
    }
    wanted[7] -= 0.4f + 0.25f;
    wanted[9] -= 0.4f + 3 * 0.25f;
    wanted[3] -= 0.4f + 0.25f;
    assertThat(got).containsExactly(wanted, within(1e-5f));
  }

  @Test
  void penalisesOnlyTheRowsThatAskForIt() {
    float[] logits = new float[2 * vocabulary];
    logits[8] = 2;
    logits[9] = 1.5f;
    System.arraycopy(logits, 0, logits, vocabulary, vocabulary);
    double[] numbers = {0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 4, 0, 0, 0};
    long[] counts = {0, -1, 0, 0, 0, 0, -1, 0, 1, 1};

    assertThat(choose(logits, numbers, counts, new long[] {8}).longs(0)).containsExactly(8, 9);
  }

  @Test
  void reportsLogProbabilitiesOfTheRawLogits() {
    float[] logits = logits(2, 7);
    double[] numbers = {0.5, 1, 0, 1, 0, 0, 0.999};
    long[] counts = {40, 20, 0, 0, 0};

    TorchProgram.Tensors result = choose(logits, numbers, counts, new long[0]);

    double[] mass = reference(logits, 1, 0, 1, 0);
    int token = (int) result.longs(0)[0];
    int[] order = order(logits);
    assertThat((double) result.floats(1)[0]).isCloseTo(Math.log(mass[token]), within(1e-4));
    for (int i = 0; i < 20; i++) {
      assertThat(result.longs(2)[i]).isEqualTo(order[i]);
      assertThat((double) result.floats(3)[i]).isCloseTo(Math.log(mass[order[i]]), within(1e-4));
    }
  }

  @Test
  void failsOnlyTheRowWhoseLogitsAreNotFinite() {
    float[] logits = new float[4 * vocabulary];
    for (int row = 0; row < 4; row++) {
      System.arraycopy(logits(2, row), 0, logits, row * vocabulary, vocabulary);
    }
    logits[vocabulary + 11] = Float.NaN;
    logits[3 * vocabulary + 12] = Float.POSITIVE_INFINITY;
    double[] numbers = new double[28];
    long[] counts = new long[20];
    for (int row = 0; row < 4; row++) {
      double[] values = {0.7, 0.9, 0.01, 1, 0, 0, 0.5};
      System.arraycopy(values, 0, numbers, 7 * row, 7);
      counts[5 * row] = row < 2 ? 10 : 0;
      counts[5 * row + 1] = 2;
    }

    long[] sampled = choose(logits, numbers, counts, new long[0]).longs(0);
    long[] greedy = program.runLongs("greedy", program.floats(logits, 4, vocabulary));

    for (long[] tokens : new long[][] {sampled, greedy}) {
      assertThat(tokens[0]).isNotNegative();
      assertThat(tokens[1]).isEqualTo(StepResult.ROW_FAILED);
      assertThat(tokens[2]).isNotNegative();
      assertThat(tokens[3]).isEqualTo(StepResult.ROW_FAILED);
    }
  }

  private TorchProgram.Tensors choose(
      float[] logits, double[] numbers, long[] counts, long[] history) {
    return choose(logits, numbers, counts, history, new long[0], new long[0]);
  }

  private TorchProgram.Tensors choose(
      float[] logits, double[] numbers, long[] counts, long[] history, long[] masks, long[] ids) {
    int rows = logits.length / vocabulary;
    try (IValue result =
        program.call(
            "choose",
            program.floats(logits, rows, vocabulary),
            IValue.listFrom(numbers),
            IValue.listFrom(counts),
            program.longs(history, history.length),
            IValue.listFrom(masks),
            program.longs(ids, ids.length))) {
      return program.tensors(result);
    }
  }

  @Test
  void choosesAmongTheTokensOfTheMaskAlone() {
    float[] logits = new float[5 * vocabulary];
    for (int row = 0; row < 5; row++) {
      System.arraycopy(logits(2, row), 0, logits, row * vocabulary, vocabulary);
    }
    int[] order = order(Arrays.copyOf(logits, vocabulary));
    long[] allowed = {3, 700, 1499};
    long[] forbidden = Arrays.stream(order, 0, 3).sorted().mapToLong(id -> id).toArray();
    int[] orderBelow = Arrays.stream(order).filter(id -> id < 1000).toArray();
    long[] forbiddenBelow = Arrays.stream(orderBelow, 0, 3).sorted().mapToLong(id -> id).toArray();
    long[] ids = new long[9];
    System.arraycopy(allowed, 0, ids, 0, 3);
    System.arraycopy(forbidden, 0, ids, 3, 3);
    System.arraycopy(forbiddenBelow, 0, ids, 6, 3);
    // all tokens; some; all but some; all but some, below 1000; none
    long[] masks = {
      0, 0, 0, 0, 1, 0, 3, vocabulary, 2, 3, 6, vocabulary, 2, 6, 9, 1000, 1, 3, 3, vocabulary
    };
    for (int row = 1; row < 5; row++) {
      System.arraycopy(logits, 0, logits, row * vocabulary, vocabulary);
    }
    long best =
        Arrays.stream(order)
            .filter(id -> id == 3 || id == 700 || id == 1499)
            .findFirst()
            .orElseThrow();
    long[] wanted = {order[0], best, order[3], orderBelow[3], StepResult.ROW_FAILED};

    for (double temperature : new double[] {0, 1e-4}) {
      double[] numbers = new double[35];
      long[] counts = new long[25];
      for (int row = 0; row < 5; row++) {
        double[] values = {temperature, 0.9, 0.01, 1, 0, 0, 0.5};
        System.arraycopy(values, 0, numbers, 7 * row, 7);
        counts[5 * row] = row % 2 == 0 ? 0 : 20;
        counts[5 * row + 1] = 2;
      }
      TorchProgram.Tensors result = choose(logits, numbers, counts, new long[0], masks, ids);
      assertThat(result.longs(0)).containsExactly(wanted);
      assertThat(result.longs(2)[0]).as("log probabilities are those of all").isEqualTo(order[0]);
      assertThat(result.longs(2)[20]).as("log probabilities are those of all").isEqualTo(order[0]);
    }
    long[] greedy;
    try (IValue masked =
        program.call(
            "masked",
            program.floats(logits, 5, vocabulary),
            IValue.listFrom(masks),
            program.longs(ids, ids.length))) {
      greedy = program.runLongs("greedy", masked);
    }
    assertThat(greedy).containsExactly(wanted);
  }

  @Test
  void drawsWithinTheMaskAsOftenAsTheReferenceSays() {
    float[] one = logits(1, 9);
    int allowed = 40;
    float[] kept = new float[vocabulary];
    Arrays.fill(kept, -1e30f);
    long[] ids = IntStream.range(0, allowed).mapToLong(i -> 30L * i + 7).toArray();
    for (long id : ids) {
      kept[(int) id] = one[(int) id];
    }
    double[] wanted = reference(kept, 0.8, 0, 0.9, 0);
    float[] rows = new float[GRID * vocabulary];
    double[] numbers = new double[7 * GRID];
    long[] counts = new long[5 * GRID];
    long[] masks = new long[4 * GRID];
    for (int i = 0; i < GRID; i++) {
      System.arraycopy(one, 0, rows, i * vocabulary, vocabulary);
      double[] row = {0.8, 0.9, 0, 1, 0, 0, (i + 0.5) / GRID};
      System.arraycopy(row, 0, numbers, 7 * i, 7);
      counts[5 * i + 1] = -1;
      long[] mask = {1, 0, allowed, vocabulary};
      System.arraycopy(mask, 0, masks, 4 * i, 4);
    }

    int[] drawn = new int[vocabulary];
    for (long token : choose(rows, numbers, counts, new long[0], masks, ids).longs(0)) {
      drawn[(int) token]++;
    }

    for (int v = 0; v < vocabulary; v++) {
      assertThat((double) drawn[v]).isCloseTo(wanted[v] * GRID, within(1.01));
    }
  }

  private float[] logits(double spread, int seed) {
    Random random = new Random(seed);
    float[] logits = new float[vocabulary];
    for (int v = 0; v < vocabulary; v++) {
      logits[v] = (float) (spread * random.nextGaussian());
    }
    return logits;
  }

  private static int[] order(float[] logits) {
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted((a, b) -> Float.compare(logits[b], logits[a]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private double[] reference(
      float[] logits, double temperature, int topK, double topP, double minP) {
    int[] order = order(logits);
    int kept = topK == 0 ? vocabulary : Math.min(topK, vocabulary);
    double[] mass = new double[vocabulary];
    double total = 0;
    for (int i = 0; i < kept; i++) {
      mass[order[i]] = Math.exp((logits[order[i]] - logits[order[0]]) / temperature);
      total += mass[order[i]];
    }
    double largest = mass[order[0]] / total;
    double before = 0;
    double left = 0;
    for (int i = 0; i < vocabulary; i++) {
      double share = mass[order[i]] / total;
      boolean cut = before >= topP || share < minP * largest;
      before += share;
      mass[order[i]] = cut ? 0 : share;
      left += mass[order[i]];
    }
    for (int v = 0; v < vocabulary; v++) {
      mass[v] /= left;
    }
    return mass;
  }
}
