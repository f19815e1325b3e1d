package dev.outcrop.bench;

import dev.outcrop.bench.options.ComputeOptions;
import dev.outcrop.bench.options.DecoderShape;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineBench;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.options.Bounds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench engine}: decode steps of a random model beside what bounds them. */
@Command(
    name = "engine",
    description =
        "Times decode steps of a model with random weights, beside the linear layers alone and the"
            + " memory's read bandwidth.",
    mixinStandardHelpOptions = true)
final class EngineCommand implements Callable<Integer> {
  private static final int MOST_BATCH = 4_096; // with the most tokens, their slots fit an int
  private static final int MOST_PROMPT = 131_072;
  private static final int MOST_STEPS = 100_000;
  private static final int SHORT_STEPS = 16; // so that the context stays next to nothing
  private static final int MOST_GEMM_ROWS = 512;

  @Option(
      names = "--shape",
      defaultValue = "1024,12,16,4,3584,32000",
      converter = DecoderShape.Converter.class,
      paramLabel = "N,...",
      description = DecoderShape.FORM + "; the output head is not tied (${DEFAULT-VALUE})")
  private @Nullable DecoderShape shape;

  @Mixin private final ComputeOptions compute = new ComputeOptions(ComputeType.BFLOAT16, 3);

  @Option(
      names = "--quantization",
      defaultValue = "none",
      description = "How weights are held: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Quantization quantization = Quantization.NONE;

  @Option(
      names = "--batch",
      defaultValue = "1,8,16,32",
      split = ",",
      paramLabel = "N",
      description = "Sequences per step (${DEFAULT-VALUE})")
  private int[] batches = {};

  @Option(
      names = "--prompt",
      defaultValue = "128",
      description = "Tokens of each prompt (${DEFAULT-VALUE})")
  private int prompt;

  @Option(
      names = "--steps",
      defaultValue = "60",
      description = "Decode steps per repeat (${DEFAULT-VALUE})")
  private int steps;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    check(new Bounds(spec));
    DecoderShape decoder = Objects.requireNonNull(shape);
    Run run = Run.begin("engine");
    int largest = Arrays.stream(batches).max().orElse(1);
    List<Map<String, Number>> results = new ArrayList<>();
    try (EngineBench bench =
        EngineBench.open(
            decoder.numbers(),
            compute.dtype(),
            quantization,
            largest,
            prompt + steps + 1,
            compute.threads())) {
      bench.decodeMillis(1, prompt, steps);
      EngineRoof roof =
          new EngineRoof(decoder.numbers(), prompt + steps + 1, compute.dtype(), quantization);
      for (int batch : batches) {
        Map<String, Number> result = measure(bench, roof, batch);
        System.err.println("batch " + batch + ": " + result);
        results.add(result);
      }
    }
    run.print(described(decoder), compute.repeats(), units(), results, Map.of());
    return 0;
  }

  private void check(Bounds bounds) {
    bounds.that(batches.length > 0, "--batch takes at least one number");
    for (int batch : batches) {
      bounds.within("--batch", batch, 1, MOST_BATCH);
    }
    bounds.within("--prompt", prompt, 1, MOST_PROMPT);
    bounds.within("--steps", steps, 1, MOST_STEPS);
    compute.check(bounds);
    bounds.that(
        quantization == Quantization.NONE || compute.dtype() == ComputeType.BFLOAT16,
        "--quantization needs --dtype bfloat16");
  }

  private Map<String, Number> measure(EngineBench bench, EngineRoof roof, int batch) {
    int repeats = compute.repeats();
    double before = bench.readGigabytesPerSecond();
    double[] stepMillis = new double[repeats];
    double[] floorMillis = new double[repeats];
    double[] shortMillis = new double[repeats];
    double[] prefillMillis = new double[repeats];
    double[] gemmMillis = new double[repeats];
    int gemmRows = Math.min(prompt, MOST_GEMM_ROWS);
    for (int repeat = 0; repeat < repeats; repeat++) {
      floorMillis[repeat] = Run.median(bench.floorMillis(batch, steps));
      shortMillis[repeat] = Run.median(bench.decodeMillis(batch, 1, Math.min(steps, SHORT_STEPS)));
      stepMillis[repeat] = Run.median(bench.decodeMillis(batch, prompt, steps));
      prefillMillis[repeat] = bench.prefillMillis(prompt);
      gemmMillis[repeat] = Run.median(bench.floorMillis(gemmRows, 1));
    }
    double after = bench.readGigabytesPerSecond();
    double gigaflops = bench.gemmGigaflops();
    double millis = Run.median(stepMillis);
    double floor = Run.median(floorMillis);
    Map<String, Number> result = new LinkedHashMap<>();
    result.put("batch", batch);
    result.put("msPerStep", millis);
    result.put("tokensPerSecond", batch * 1_000 / millis);
    result.put("floorMsPerStep", floor);
    result.put("stepOverFloor", millis / floor);
    double withoutContext = Run.median(shortMillis);
    result.put("shortMsPerStep", withoutContext);
    result.put("attentionShare", 1 - withoutContext / millis);
    double prefill = Run.median(prefillMillis);
    result.put("prefillMs", prefill);
    double gigabytes = (before + after) / 2;
    roof.decode(result, millis, batch, prompt + steps / 2., gigabytes, gigaflops);
    roof.prefill(result, prefill, prompt, gigabytes, gigaflops);
    roof.products(result, prefill, prompt, Run.median(gemmMillis), gemmRows);
    result.put("gemmGigaflopsPerSecond", gigaflops);
    result.put("readGigabytesPerSecond", gigabytes);
    result.put("readGigabytesPerSecondBefore", before);
    result.put("readGigabytesPerSecondAfter", after);
    return result;
  }

  private Map<String, Object> described(DecoderShape decoder) {
    Map<String, Object> described = new LinkedHashMap<>();
    decoder.describe(described);
    described.put("promptTokens", prompt);
    described.put("stepsPerRepeat", steps);
    compute.describe(described);
    described.put("quantization", quantization.word());
    return described;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        batch: sequences
        msPerStep: ms, median of the repeats' median decode steps
        tokensPerSecond: tokens/s of all sequences
        floorMsPerStep: ms, the linear layers alone over cycled weights in the same run
        stepOverFloor: ratio
        shortMsPerStep: ms of a step whose sequences have next to no context, in the same run
        attentionShare: part of msPerStep that the context adds to shortMsPerStep
        prefillMs: ms of one prompt, median
        readMegabytes: 10^6 bytes of weights and KV that a step has to read, counted from the shape
        gigaflop: 10^9 operations that a step has to do, counted from the shape
        rooflineMs: ms, the longer of these over readGigabytesPerSecond and gemmGigaflopsPerSecond
        rooflineShare: rooflineMs over msPerStep
        prefillRooflineMs: ms, the same of the prompt
        prefillRooflineShare: prefillRooflineMs over prefillMs
        gemmRows: rows of the linear layers that are run alone
        linearGigaflopsPerSecond: 10^9 operations/s of the linear layers alone with so many rows
        prefillGemmShare: operations/s of the prompt, over linearGigaflopsPerSecond
        gemmGigaflopsPerSecond: 10^9 operations/s of a product of two large matrices
        readGigabytesPerSecond: 10^9 bytes/s, mean of before and after
        readGigabytesPerSecondBefore: 10^9 bytes/s
        readGigabytesPerSecondAfter: 10^9 bytes/s
        """);
  }
}
