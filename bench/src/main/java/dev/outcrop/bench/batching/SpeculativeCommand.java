package dev.outcrop.bench.batching;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.bench.options.ComputeOptions;
import dev.outcrop.bench.options.DecoderShape;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.ComputeType;
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

/** {@code outcrop bench speculative}: what guesses of the next tokens gain, and what they cost. */
@Command(
    name = "speculative",
    description =
        "Decodes with and without speculative decoding by turns, on loads that copy and loads that"
            + " do not. The engine runs every step; which tokens it chose is then replaced by what"
            + " the load says.",
    mixinStandardHelpOptions = true)
public final class SpeculativeCommand implements Callable<Integer> {
  private static final int MOST_BATCH = 64;
  private static final int MOST_TOKENS = 131_072;

  @Option(
      names = "--shape",
      defaultValue = "1024,12,16,4,3584,32000",
      converter = DecoderShape.Converter.class,
      paramLabel = "N,...",
      description = DecoderShape.FORM + " (${DEFAULT-VALUE})")
  private @Nullable DecoderShape shape;

  @Mixin private final ComputeOptions compute = new ComputeOptions(ComputeType.BFLOAT16, 3);

  @Option(
      names = "--batch",
      defaultValue = "1,8",
      split = ",",
      paramLabel = "N",
      description = "Sequences (${DEFAULT-VALUE})")
  private int[] batches = {};

  @Option(
      names = "--prompt",
      defaultValue = "512",
      description = "Tokens of each prompt (${DEFAULT-VALUE})")
  private int prompt;

  @Option(
      names = "--tokens",
      defaultValue = "256",
      description = "Tokens that each sequence generates (${DEFAULT-VALUE})")
  private int completion;

  @Option(
      names = "--max-drafts",
      defaultValue = "16",
      description = "The most guesses of a sequence in a step (${DEFAULT-VALUE})")
  private int drafts;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public SpeculativeCommand() {}

  @Override
  public Integer call() {
    check(new Bounds(spec));
    DecoderShape decoder = Objects.requireNonNull(shape);
    Run run = Run.begin("speculative");
    List<Map<String, Object>> results = new ArrayList<>();
    Map<String, Number> headline = new LinkedHashMap<>();
    int largest = Arrays.stream(batches).max().orElse(1);
    try (MeasuredEngine engine =
        MeasuredEngine.of(
            decoder.numbers(),
            compute.dtype(),
            largest,
            prompt + completion + drafts,
            compute.threads())) {
      for (int batch : batches) {
        for (Script script : Script.values()) {
          Map<String, Object> result = measure(engine, batch, script, headline);
          System.err.println(result);
          results.add(result);
        }
      }
    }
    run.print(described(decoder), compute.repeats(), units(), results, headline);
    return 0;
  }

  private void check(Bounds bounds) {
    bounds.that(batches.length > 0, "--batch takes at least one number");
    for (int batch : batches) {
      bounds.within("--batch", batch, 1, MOST_BATCH);
    }
    bounds.within("--prompt", prompt, 2, MOST_TOKENS);
    bounds.within("--tokens", completion, 2, MOST_TOKENS);
    bounds.within("--max-drafts", drafts, 1, BatchingConfig.Speculation.MOST_TOKENS);
    bounds.that(
        Objects.requireNonNull(shape).numbers().vocabulary() >= MOST_BATCH,
        "the vocabulary has to have %d tokens at least".formatted(MOST_BATCH));
    compute.check(bounds);
  }

  /** With and without, who goes first taking turns; one more of each before, for first uses. */
  private Map<String, Object> measure(
      MeasuredEngine engine, int batch, Script script, Map<String, Number> headline) {
    int repeats = compute.repeats();
    double[] plain = new double[repeats];
    double[] drafted = new double[repeats];
    double[] ratio = new double[repeats];
    once(engine, batch, script, 0, 0);
    DraftedRun last = once(engine, batch, script, 0, drafts);
    for (int repeat = 0; repeat < repeats; repeat++) {
      boolean plainFirst = repeat % 2 == 0;
      DraftedRun first = once(engine, batch, script, repeat, plainFirst ? 0 : drafts);
      DraftedRun second = once(engine, batch, script, repeat, plainFirst ? drafts : 0);
      last = plainFirst ? second : first;
      plain[repeat] = (plainFirst ? first : second).tokensPerSecond();
      drafted[repeat] = last.tokensPerSecond();
      ratio[repeat] = drafted[repeat] / plain[repeat];
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("load", script.label());
    result.put("batch", batch);
    result.put("plainTokensPerSecond", Run.median(plain));
    result.put("draftingTokensPerSecond", Run.median(drafted));
    result.put("ratio", Run.median(ratio));
    result.put("leastRatio", Arrays.stream(ratio).min().orElse(0));
    result.put("tokensPerStep", (double) last.tokens() / last.steps());
    result.put("drafted", last.drafted());
    result.put("accepted", last.accepted());
    headline.put(script.label() + "Batch" + batch, Run.median(ratio));
    return result;
  }

  private DraftedRun once(
      MeasuredEngine engine, int batch, Script script, int repeat, int mostDrafts) {
    int[][] scripts = new int[batch][];
    for (int i = 0; i < batch; i++) {
      long seed = 1_000L * repeat + i;
      scripts[i] = script.tokens(prompt, completion, engine.vocabulary(), seed);
    }
    return DraftedRun.of(engine.engine(), scripts, prompt, mostDrafts, System::nanoTime);
  }

  private Map<String, Object> described(DecoderShape decoder) {
    Map<String, Object> described = new LinkedHashMap<>();
    decoder.describe(described);
    described.put("promptTokens", prompt);
    described.put("completionTokens", completion);
    described.put("maxDrafts", drafts);
    compute.describe(described);
    return described;
  }

  private Map<String, String> units() {
    Map<String, String> units =
        new LinkedHashMap<>(
            Run.units(
                """
                load: copy (the prompt again), edit (every 12th token another), new (nothing comes again), chance (of 16 tokens)
                batch: sequences
                plainTokensPerSecond: tokens/s of the steps that only decode, median, without guesses
                draftingTokensPerSecond: the same with guesses
                ratio: drafting over plain of one repeat, median
                leastRatio: the least of the repeats
                tokensPerStep: tokens of such a step with guesses, last repeat
                drafted: guesses, last repeat
                accepted: right ones, last repeat
                """));
    for (int batch : batches) {
      for (Script script : Script.values()) {
        units.put(script.label() + "Batch" + batch, "ratio at that batch");
      }
    }
    return units;
  }
}
