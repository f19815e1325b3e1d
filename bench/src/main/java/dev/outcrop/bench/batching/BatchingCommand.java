package dev.outcrop.bench.batching;

import dev.outcrop.bench.options.DecoderShape;
import dev.outcrop.bench.options.ModelFolder;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineRuntime;
import dev.outcrop.serving.options.Bounds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench batching}: what continuous batching gains over batches of other kinds. */
@Command(
    name = "batching",
    description =
        "Runs one trace of requests in four ways on one engine: one at a time, in static batches"
            + " with padding, in static batches that shrink, and with the server's scheduler.",
    mixinStandardHelpOptions = true)
public final class BatchingCommand implements Callable<Integer> {
  private static final int FOLDER_REQUESTS = 512;
  private static final int SHAPE_REQUESTS = 128;
  private static final int SHAPE_ALONE = 16;
  private static final int MOST_BATCH = 4_096; // with the most tokens, their slots fit an int
  private static final int MOST_EQUAL = 65_536;
  private static final double LEAST_SCALE = 0.001;
  private static final double MOST_SCALE = 100;

  @Mixin private final ModelFolder model = new ModelFolder();

  @Option(
      names = "--shape",
      converter = DecoderShape.Converter.class,
      paramLabel = "N,...",
      description = "Random weights in place of a checkpoint: " + DecoderShape.FORM)
  private @Nullable DecoderShape shape;

  @Option(
      names = "--dtype",
      defaultValue = "BFLOAT16",
      description =
          "Type to compute a shape in: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE}); a checkpoint"
              + " has its own")
  private ComputeType dtype = ComputeType.BFLOAT16;

  @Option(
      names = "--batch",
      defaultValue = "16",
      description = "The most requests at a time (${DEFAULT-VALUE})")
  private int batch;

  @Option(
      names = "--requests",
      description = "Requests of the trace, at most 512 (512; 128 for a shape)")
  private @Nullable Integer requests;

  @Option(
      names = "--alone",
      description = "Requests to run one at a time, the first of the trace (all; 16 for a shape)")
  private @Nullable Integer alone;

  @Option(
      names = "--seed",
      description = "Draw another trace in place of the committed one, which is that of seed 2")
  private @Nullable Long seed;

  @Option(
      names = "--equal-requests",
      defaultValue = "64",
      description = "Requests of the run with equal lengths (${DEFAULT-VALUE})")
  private int equalRequests;

  @Option(
      names = "--scale",
      defaultValue = "1",
      description = "Factor on the length of every output (${DEFAULT-VALUE})")
  private double scale;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Threads of an operator; 0 for libtorch's choice")
  private int threads;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public BatchingCommand() {}

  @Override
  public Integer call() {
    Bounds bounds = new Bounds(spec);
    check(bounds);
    Run run = Run.begin("batching");
    Trace whole = seed == null ? Trace.committed() : Trace.drawn(seed, FOLDER_REQUESTS);
    Trace trace = whole.first(orElse(requests, SHAPE_REQUESTS, FOLDER_REQUESTS));
    Trace mixed = scale == 1 ? trace : trace.scaled(scale);
    Trace equal =
        Trace.equal(equalRequests, 16, Math.max(1, (int) Math.round(scale * Trace.MEAN_OUTPUT)));
    Map<String, Number> headline = new LinkedHashMap<>();
    List<Map<String, Object>> results = new ArrayList<>();
    int tokens = Math.max(mixed.mostTokens(), equal.mostTokens());
    tokens = Math.max(tokens, Comparison.ratioTokens(mixed.meanContext()));
    try (MeasuredEngine engine = open(tokens)) {
      int context = engine.engine().geometry().maxContext();
      bounds.that(
          tokens <= context,
          "--scale %s makes sequences of %d tokens, the model takes %d"
              .formatted(scale, tokens, context));
      Comparison comparison = new Comparison(engine, batch, System::nanoTime);
      comparison.warm(mixed);
      double before = comparison.engineRatio(mixed.meanContext());
      results.addAll(
          comparison.measure("log-normal", mixed, orElse(alone, SHAPE_ALONE, mixed.size())));
      double after = comparison.engineRatio(mixed.meanContext());
      headline.put("engineRatio", (before + after) / 2);
      ratios(headline, results, "");
      headline.put(
          "ofEngineRatio", number(headline, "overOneAtATime") / number(headline, "engineRatio"));
      headline.put("paddingOfTheTrace", mixed.padding(batch));
      List<Map<String, Object>> same = comparison.measure("equal", equal, batch);
      ratios(headline, same, "Equal");
      results.addAll(same);
    }
    run.print(described(trace.size()), 1, units(), results, headline);
    return 0;
  }

  private void check(Bounds bounds) {
    bounds.that(shape == null || !model.given(), "--shape takes no --model beside it");
    bounds.within("--batch", batch, 1, MOST_BATCH);
    bounds.within("--requests", orElse(requests, 1, 1), 1, FOLDER_REQUESTS);
    bounds.within("--alone", orElse(alone, 1, 1), 1, FOLDER_REQUESTS);
    bounds.within("--equal-requests", equalRequests, 1, MOST_EQUAL);
    bounds.within("--scale", scale, LEAST_SCALE, MOST_SCALE);
    bounds.within("--threads", threads, 0, Bounds.MOST_THREADS);
  }

  private MeasuredEngine open(int tokens) {
    DecoderShape decoder = shape;
    if (decoder == null) {
      return MeasuredEngine.of(model.folder(), batch, tokens, threads);
    }
    return MeasuredEngine.of(decoder.numbers(), dtype, batch, tokens, threads);
  }

  private int orElse(@Nullable Integer chosen, int ofShape, int ofFolder) {
    return chosen != null ? chosen : shape != null ? ofShape : ofFolder;
  }

  private static void ratios(
      Map<String, Number> headline, List<Map<String, Object>> results, String suffix) {
    double continuous = speed(results, Comparison.CONTINUOUS);
    headline.put("overPaddedStatic" + suffix, continuous / speed(results, Comparison.PADDED));
    headline.put("overShrinkingStatic" + suffix, continuous / speed(results, Comparison.SHRINKING));
    headline.put("overOneAtATime" + suffix, continuous / speed(results, Comparison.ONE));
  }

  private static double speed(List<Map<String, Object>> results, String way) {
    for (Map<String, Object> result : results) {
      if (way.equals(result.get("way")) && result.get("tokensPerSecond") instanceof Double speed) {
        return speed;
      }
    }
    throw new IllegalStateException("no result of " + way);
  }

  private static double number(Map<String, Number> figures, String name) {
    return figures.getOrDefault(name, Double.NaN).doubleValue();
  }

  private Map<String, Object> described(int traced) {
    Map<String, Object> described = new LinkedHashMap<>();
    DecoderShape decoder = shape;
    if (decoder != null) {
      decoder.describe(described);
      described.put("dtype", dtype.name().toLowerCase(Locale.ROOT));
    } else {
      described.put("model", model.given() ? String.valueOf(model.folder().getFileName()) : "demo");
    }
    described.put("batch", batch);
    described.put("requests", traced);
    described.put("traceSeed", seed == null ? "committed" : seed);
    described.put("equalRequests", equalRequests);
    described.put("outputScale", scale);
    described.put("threads", EngineRuntime.threadsHere());
    return described;
  }

  private static Map<String, String> units() {
    Map<String, String> units = new LinkedHashMap<>();
    units.put("way", "how requests share the engine");
    units.put("lengths", "of the outputs");
    units.put("requests", "requests, all there from the start");
    units.put("tokens", "generated tokens");
    units.put("seconds", "s, from the start to the last token");
    units.put("tokensPerSecond", "tokens/s while somebody waited, that is with full batches");
    units.put("tokensPerSecondToTheEnd", "tokens/s of the whole run, its emptying end included");
    units.put("steps", "steps of the engine");
    units.put("rowsPerToken", "rows computed for each token that somebody wanted");
    units.put("piecesPerRow", "contiguous pieces of KV that a row reads");
    for (int percent : new int[] {50, 95, 99}) {
      units.put("ttftP" + percent + "Ms", "ms from the start of the run to a first token");
      units.put("itlP" + percent + "Ms", "ms between two tokens of a request");
    }
    units.put("engineRatio", "tokens/s of a full batch of decodes over those of one sequence");
    units.put("ofEngineRatio", "overOneAtATime / engineRatio");
    units.put("paddingOfTheTrace", "rows that padding makes of one token");
    for (String suffix : new String[] {"", "Equal"}) {
      String what = suffix.isEmpty() ? "continuous over it, tokens/s" : "the same, equal lengths";
      units.put("overPaddedStatic" + suffix, what);
      units.put("overShrinkingStatic" + suffix, what);
      units.put("overOneAtATime" + suffix, what);
    }
    return units;
  }
}
