package dev.outcrop.bench.grammar;

import dev.outcrop.bench.options.ComputeOptions;
import dev.outcrop.bench.options.DecoderShape;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.grammar.Grammar;
import dev.outcrop.models.grammar.GrammarCompiler;
import dev.outcrop.models.grammar.Syntax;
import dev.outcrop.models.grammar.Vocabulary;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineBench;
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

/** {@code outcrop bench grammar}: what constrained answers cost. */
@Command(
    name = "grammar",
    description =
        "Times decode steps with and without a JSON Schema's mask on every row, and the compilation"
            + " of schemas.",
    mixinStandardHelpOptions = true)
public final class GrammarCommand implements Callable<Integer> {
  private static final int MOST_BATCH = 256;
  private static final int MOST_PROMPT = 4_096;
  private static final int MOST_STEPS = 10_000;
  private static final int FEWEST_TOKENS = 1_000;

  @Option(
      names = "--shape",
      defaultValue = "1024,12,16,4,3584,32000",
      converter = DecoderShape.Converter.class,
      paramLabel = "N,...",
      description = DecoderShape.FORM + " (${DEFAULT-VALUE})")
  private @Nullable DecoderShape shape;

  @Mixin private final ComputeOptions compute = new ComputeOptions(ComputeType.BFLOAT16, 5);

  @Option(
      names = "--batch",
      defaultValue = "16",
      description = "Sequences per step (${DEFAULT-VALUE})")
  private int batch;

  @Option(
      names = "--prompt",
      defaultValue = "128",
      description = "Tokens of each prompt (${DEFAULT-VALUE})")
  private int prompt;

  @Option(
      names = "--steps",
      defaultValue = "100",
      description = "Decode steps per repeat (${DEFAULT-VALUE})")
  private int steps;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public GrammarCommand() {}

  @Override
  public Integer call() {
    DecoderShape decoder = Objects.requireNonNull(shape);
    check(new Bounds(spec), decoder);
    Run run = Run.begin("grammar");
    int[] stop = {MadeUpTokens.STOP};
    Vocabulary vocabulary = Vocabulary.of(new MadeUpTokens(decoder.numbers().vocabulary()), stop);
    List<Map<String, Number>> results = new ArrayList<>();
    results.add(stepping(decoder, vocabulary));
    System.err.println(results.getFirst());
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, String> schema : Schemas.all().entrySet()) {
      Map<String, Number> result = compiling(vocabulary, schema.getValue());
      names.add(schema.getKey());
      System.err.println("compile " + schema.getKey() + ": " + result);
      results.add(result);
    }
    Map<String, Object> described = new LinkedHashMap<>();
    decoder.describe(described);
    compute.describe(described);
    described.put("batch", batch);
    described.put("promptTokens", prompt);
    described.put("stepsPerRepeat", steps);
    described.put("schemas", names);
    run.print(described, compute.repeats(), units(), results, Map.of());
    return 0;
  }

  private void check(Bounds bounds, DecoderShape decoder) {
    bounds.within("--batch", batch, 1, MOST_BATCH);
    bounds.within("--prompt", prompt, 1, MOST_PROMPT);
    bounds.within("--steps", steps, 1, MOST_STEPS);
    compute.check(bounds);
    bounds.that(
        decoder.numbers().vocabulary() >= FEWEST_TOKENS,
        "--shape needs a vocabulary of at least %d tokens".formatted(FEWEST_TOKENS));
  }

  private Map<String, Number> stepping(DecoderShape decoder, Vocabulary vocabulary) {
    int repeats = compute.repeats();
    double[] plain = new double[repeats * steps];
    double[] masked = new double[repeats * steps];
    double[] ratios = new double[repeats * steps];
    MaskTimes times = new MaskTimes(batch);
    try (EngineBench bench =
        EngineBench.open(
            decoder.numbers(), compute.dtype(), batch, prompt + steps + 1, compute.threads())) {
      alternating(bench, vocabulary, new MaskTimes(batch), 0);
      for (int repeat = 0; repeat < repeats; repeat++) {
        EngineBench.Alternating millis = alternating(bench, vocabulary, times, repeat + 1);
        for (int i = 0; i < steps; i++) {
          int at = repeat * steps + i;
          plain[at] = millis.plain()[i];
          masked[at] = millis.constrained()[i];
          ratios[at] = masked[at] / plain[at];
        }
      }
    }
    Map<String, Number> result = new LinkedHashMap<>();
    result.put("batch", batch);
    result.put("msPerStep", Run.median(plain));
    result.put("maskedMsPerStep", Run.median(masked));
    result.put("maskedOverPlain", Run.median(ratios));
    times.describe(result);
    return result;
  }

  /** Other prompts and a new grammar each time, so that no run goes along the states of another. */
  private EngineBench.Alternating alternating(
      EngineBench bench, Vocabulary vocabulary, MaskTimes times, int seed) {
    Grammar grammar = EndlessGrammar.compile(vocabulary);
    times.begin();
    List<Sampling> how = new ArrayList<>();
    for (int s = 0; s < batch; s++) { // one for each sequence, as requests have them
      how.add(Sampling.GREEDY.constrained(times.of(grammar.constraint())));
    }
    return bench.alternatingMillis(how, seed, prompt, steps);
  }

  private Map<String, Number> compiling(Vocabulary vocabulary, String schema) {
    int repeats = compute.repeats();
    double[] millis = new double[repeats];
    int refused = 0;
    for (int repeat = 0; repeat < repeats; repeat++) {
      GrammarCompiler compiler = new GrammarCompiler(vocabulary, System::nanoTime);
      long start = System.nanoTime();
      try {
        compiler.compile(new Syntax.JsonSchema(schema)).constraint();
      } catch (OutcropException e) {
        refused++;
      }
      millis[repeat] = (System.nanoTime() - start) / 1e6;
    }
    Map<String, Number> result = new LinkedHashMap<>();
    result.put("schemaBytes", schema.length());
    result.put("firstCompileMs", millis[0]);
    result.put("compileMs", Run.median(millis));
    result.put("slowestCompileMs", Arrays.stream(millis).max().orElse(0));
    result.put("refused", refused);
    return result;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        batch: sequences
        msPerStep: ms, median of the decode steps, no row constrained
        maskedMsPerStep: ms, median of the same steps run again with every row constrained by one schema
        maskedOverPlain: ratio, median over the steps
        maskMicrosPerStep: us of the engine thread to find the tokens of all rows, mean of the steps
        maskMicrosPerStepP99: us
        maskMicrosPerStepMax: us
        maskMicrosPerRow: us, mean
        coldMasks: masks that the grammar made
        coldMaskMicros: us, mean
        warmMasks: masks that the grammar had
        warmMaskMicros: us, mean
        schemaBytes: bytes
        firstCompileMs: ms, compilation and the tokens that may come first
        compileMs: ms, median of the repeats
        slowestCompileMs: ms
        refused: repeats in which it was refused as too complex
        """);
  }
}
