package dev.outcrop.bench.encode;

import dev.outcrop.batching.encode.EncodeAnswer;
import dev.outcrop.batching.encode.EncodeBatch;
import dev.outcrop.batching.encode.EncodeBatcher;
import dev.outcrop.batching.encode.EncodeConfig;
import dev.outcrop.batching.encode.EncodeRequest;
import dev.outcrop.batching.encode.EncodeSignals;
import dev.outcrop.batching.encode.EncodeSubmit;
import dev.outcrop.batching.encode.Encoder;
import dev.outcrop.bench.options.ComputeOptions;
import dev.outcrop.bench.options.EncoderShape;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EncoderBench;
import dev.outcrop.serving.options.Bounds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench encode}: what batching does for embeddings. */
@Command(
    name = "encode",
    description =
        "Embeds texts with random weights: one by one without a batcher, by one caller of the"
            + " batcher, and by many at once.",
    mixinStandardHelpOptions = true)
public final class EncodeCommand implements Callable<Integer> {
  private static final int TEXTS = 512;

  @Option(
      names = "--shape",
      defaultValue = "384,6,12,1536,30522",
      converter = EncoderShape.Converter.class,
      paramLabel = "N,...",
      description = EncoderShape.FORM + " (${DEFAULT-VALUE})")
  private @Nullable EncoderShape shape;

  @Mixin private final ComputeOptions compute = new ComputeOptions(ComputeType.FLOAT32, 5);

  @Option(
      names = "--tokens",
      defaultValue = "16",
      description = "Mean length; lengths are even from half to one and a half (${DEFAULT-VALUE})")
  private int tokens;

  @Option(
      names = "--callers",
      defaultValue = "64",
      description = "Callers at once (${DEFAULT-VALUE})")
  private int callers;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "Seconds of each of the three, in each repeat (${DEFAULT-VALUE})")
  private double seconds;

  @Option(names = "--seed", defaultValue = "1", description = "Seed of lengths and ids")
  private long seed;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public EncodeCommand() {}

  @Override
  public Integer call() throws InterruptedException {
    check(new Bounds(spec));
    Run run = Run.begin("encode");
    EncoderShape encoder = Objects.requireNonNull(shape);
    int repeats = compute.repeats();
    EncoderBench model = EncoderBench.open(encoder.numbers(), compute.dtype(), compute.threads());
    List<int[]> texts = texts(encoder.numbers().vocabulary());
    double difference = difference(model, texts.subList(0, Math.min(64, texts.size())));
    // From here on the batcher owns the model; the unbatched callers use it while it is idle.
    try (EncodeBatcher batcher =
        EncodeBatcher.start("bench", new Engine(model), config(), System::nanoTime)) {
      Rounds rounds = new Rounds(model, batcher, texts);
      rounds.warmUp();
      for (int repeat = 0; repeat < repeats; repeat++) {
        rounds.run(repeat);
      }
      run.print(
          described(encoder), repeats, units(), rounds.results(), rounds.headline(difference));
    }
    return 0;
  }

  private void check(Bounds bounds) {
    bounds.within("--tokens", tokens, 2, EncoderBench.MAX_TOKENS * 2 / 3);
    bounds.within("--callers", callers, 1, 4_096);
    bounds.within("--seconds", seconds, 0.01, 3_600);
    compute.check(bounds);
  }

  private List<int[]> texts(int vocabulary) {
    Random random = new Random(seed);
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < TEXTS; i++) {
      int length = tokens - tokens / 2 + random.nextInt(2 * (tokens / 2) + 1);
      texts.add(random.ints(length, 0, vocabulary).toArray());
    }
    return texts;
  }

  /** As serving has it: nobody waits while the encoder is free. */
  private EncodeConfig config() {
    EncodeConfig defaults = EncodeConfig.DEFAULT;
    return new EncodeConfig(
        List.of(64, 128, 256, EncoderBench.MAX_TOKENS),
        defaults.maxBatchTokens(),
        defaults.maxBatchRows(),
        Duration.ZERO,
        defaults.maxWaiting(),
        defaults.maxWaitingTokens(),
        defaults.tenantRequests());
  }

  /** The largest difference of a batch to one by one, in parts of the largest value. */
  private static double difference(EncoderBench model, List<int[]> texts) {
    float[][] together = model.embed(texts.toArray(int[][]::new));
    double worst = 0;
    double largest = 0;
    for (int i = 0; i < together.length; i++) {
      float[] alone = model.embed(new int[][] {texts.get(i)})[0];
      for (int j = 0; j < alone.length; j++) {
        worst = Math.max(worst, Math.abs(alone[j] - together[i][j]));
        largest = Math.max(largest, Math.abs(alone[j]));
      }
    }
    return worst / largest;
  }

  /** The rounds of the three ways and what they gave. */
  private final class Rounds {
    private final Callers.Call direct;
    private final Callers.Call batched;
    private final EncodeBatcher batcher;
    private final List<int[]> texts;
    private final List<Callers.Measured> unbatched = new ArrayList<>();
    private final List<Callers.Measured> alone = new ArrayList<>();
    private final List<Callers.Measured> many = new ArrayList<>();
    private long batches;
    private long rows;

    Rounds(EncoderBench model, EncodeBatcher batcher, List<int[]> texts) {
      this.direct = text -> model.embed(new int[][] {text});
      this.batched = text -> through(batcher, text);
      this.batcher = batcher;
      this.texts = texts;
    }

    void warmUp() throws InterruptedException {
      Callers.run(1, Math.min(1, seconds), texts, direct);
      Callers.run(callers, Math.min(1, seconds), texts, batched);
    }

    void run(int repeat) throws InterruptedException {
      unbatched.add(Callers.run(1, seconds, texts, direct));
      alone.add(Callers.run(1, seconds, texts, batched));
      EncodeSignals before = batcher.signals();
      many.add(Callers.run(callers, seconds, texts, batched));
      EncodeSignals after = batcher.signals();
      batches += after.batches() - before.batches();
      rows += after.rows() - before.rows();
      System.err.printf(
          "repeat %d: unbatched %s, alone %s, many %s%n",
          repeat, unbatched.getLast(), alone.getLast(), many.getLast());
    }

    List<Map<String, Object>> results() {
      return List.of(
          result("unbatched", 1, unbatched),
          result("batched", 1, alone),
          result("batched", callers, many));
    }

    private Map<String, Object> result(String way, int count, List<Callers.Measured> measured) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("way", way);
      result.put("callers", count);
      result.put(
          "textsPerSecond",
          Run.median(measured.stream().mapToDouble(Callers.Measured::textsPerSecond).toArray()));
      result.put(
          "p50Micros",
          Run.median(measured.stream().mapToDouble(Callers.Measured::p50Micros).toArray()));
      return result;
    }

    /** Ratios of neighbours in time, so that a machine that slows down does not tell. */
    Map<String, Number> headline(double difference) {
      double[] speedUps = new double[many.size()];
      double[] delays = new double[many.size()];
      for (int i = 0; i < speedUps.length; i++) {
        speedUps[i] = many.get(i).textsPerSecond() / alone.get(i).textsPerSecond();
        delays[i] = alone.get(i).p50Micros() / unbatched.get(i).p50Micros();
      }
      Map<String, Number> headline = new LinkedHashMap<>();
      headline.put("speedUp", Run.median(speedUps));
      headline.put("lonelyP50OverUnbatched", Run.median(delays));
      headline.put("batchedDifference", difference);
      headline.put("rowsPerBatch", (double) rows / Math.max(1, batches));
      return headline;
    }
  }

  private static void through(EncodeBatcher batcher, int[] text) throws InterruptedException {
    switch (batcher.submit(new EncodeRequest("bench", 1, text))) {
      case EncodeSubmit.Accepted(var ticket) -> {
        if (!(ticket.await() instanceof EncodeAnswer.Vector)) {
          throw new IllegalStateException("a text has no vector");
        }
      }
      case EncodeSubmit.Refused(var reason, var message, _) ->
          throw new IllegalStateException(reason + ": " + message);
    }
  }

  /** The model as its batcher drives it. */
  private record Engine(EncoderBench model) implements Encoder {
    @Override
    public float[][] encode(EncodeBatch batch) {
      return model.embed(batch.tokens());
    }

    @Override
    public void close() {
      model.close();
    }
  }

  private Map<String, Object> described(EncoderShape encoder) {
    Map<String, Object> described = new LinkedHashMap<>();
    encoder.describe(described);
    described.put("meanTokens", tokens);
    described.put("secondsPerWay", seconds);
    compute.describe(described);
    described.put("seed", seed);
    return described;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        way: through the batcher or not
        callers: callers, each with one text at a time
        textsPerSecond: texts/s of all callers, median of the repeats
        p50Micros: us of a text, median of the repeats' medians
        speedUp: texts/s of all callers over those of one, median
        lonelyP50OverUnbatched: ratio, median
        batchedDifference: largest difference over the largest value, 64 texts
        rowsPerBatch: texts, mean with all callers
        """);
  }
}
