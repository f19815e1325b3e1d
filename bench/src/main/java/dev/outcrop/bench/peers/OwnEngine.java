package dev.outcrop.bench.peers;

import dev.outcrop.bench.peers.Contestant.Entrant;
import dev.outcrop.bench.report.Machine;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.loading.EngineRuntime;
import dev.outcrop.models.loading.KernelChoice;
import dev.outcrop.models.loading.KernelTuning;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.loading.ModelInfo;
import dev.outcrop.models.loading.Quantization;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * This engine on the same checkpoint, opened as a server opens it. Prompts run in chunks, each
 * decode step takes one token of each sequence and chooses the next one; that choice counts.
 */
final class OwnEngine implements Contestant {
  /** By the contestant's name, how it holds weights. */
  static final Map<String, Quantization> WEIGHTS =
      Map.of(
          Standings.OURS,
          Quantization.NONE,
          Standings.OURS_INT8,
          Quantization.INT8,
          Standings.OURS_INT4,
          Quantization.INT4_G32);

  private static final int CHUNK = 512;
  private static final int WARM = 4;
  private static final int UNIT_TOKENS = 32;

  private final LoadedModel model;
  private final int vocabulary;
  private final int sequenceTokens;
  private final int promptSlot;
  private final Map<String, String> settings;
  private final StepPlan plan = new StepPlan();

  /** Tokens of context that the first so many sequences hold. */
  private int filled;

  private int filledContext;

  private OwnEngine(
      LoadedModel model, int sequences, int sequenceTokens, Map<String, String> settings) {
    this.model = model;
    this.sequenceTokens = sequenceTokens;
    this.settings = settings;
    promptSlot = sequences * sequenceTokens;
    vocabulary = model.info().vocabularySize();
  }

  /**
   * How to come by it.
   *
   * @param name one of {@link #WEIGHTS}
   * @param folder the checkpoint
   * @param sequences the most to decode at once
   * @param tokens the most of one sequence, its measured steps included
   * @param promptTokens the longest prompt to time
   */
  record Own(String name, Path folder, int sequences, int tokens, int promptTokens, int threads)
      implements Entrant {
    @Override
    public Contestant open() throws MissingException {
      Quantization weights = Objects.requireNonNull(WEIGHTS.get(name));
      try {
        ModelInfo info = LoadedModel.inspect(folder, LoadOptions.Dtype.AUTO);
        int each = rounded(tokens + WARM);
        long slots = (long) sequences * each + rounded(promptTokens) + UNIT_TOKENS;
        long bytes = slots * info.kvBytesPerToken();
        LoadedModel model =
            LoadedModel.open(
                folder,
                new LoadOptions(
                    LoadOptions.Dtype.AUTO, bytes, 0, threads, weights, KernelTuning.usual()));
        return new OwnEngine(model, sequences, each, described(model, weights));
      } catch (OutcropException e) {
        throw new MissingException(String.valueOf(e.getMessage()));
      }
    }
  }

  /** Asked by the thread that will run the steps. */
  private static Map<String, String> described(LoadedModel model, Quantization weights) {
    EngineRuntime runtime = EngineRuntime.here();
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("version", "outcrop " + Machine.commitOf(Run.HOME));
    settings.put(
        "backend",
        "libtorch %s, CPU capability %s, %s, oneDNN may use %s"
            .formatted(
                runtime.libtorch(),
                runtime.capability(),
                runtime.libraries(),
                runtime.oneDnnIsa()));
    settings.put("buildFlags", runtime.flags());
    settings.put("threads", String.valueOf(runtime.threads()));
    settings.put("batchThreads", String.valueOf(runtime.threads())); // a chunk is a step as others
    settings.put("largePages", runtime.largePages() ? "on" : "off");
    settings.put("dtype", model.info().computeDtype());
    settings.put("weights", weights.toString());
    settings.put("kernels", kernels(model.kernels()));
    settings.put("chunk", String.valueOf(CHUNK));
    settings.put("java", Runtime.version().toString());
    return settings;
  }

  /** By shape, and by rows where that makes a difference. */
  static String kernels(List<KernelChoice> choices) {
    return choices.isEmpty()
        ? "no choice"
        : choices.stream()
            .map(
                choice ->
                    "%s %dx%d: %s"
                        .formatted(
                            choice.format(), choice.outputs(), choice.inputs(), rows(choice)))
            .collect(Collectors.joining("; "));
  }

  private static String rows(KernelChoice choice) {
    Map<String, String> rowsOf = new LinkedHashMap<>();
    choice
        .kernels()
        .forEach((rows, kernel) -> rowsOf.merge(kernel, rows, (some, more) -> some + "," + more));
    return rowsOf.entrySet().stream()
        .map(entry -> rowsOf.size() == 1 ? entry.getKey() : entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  private static int rounded(int tokens) {
    return Math.ceilDiv(tokens, UNIT_TOKENS) * UNIT_TOKENS;
  }

  @Override
  public Map<String, String> settings() {
    return settings;
  }

  @Override
  public Reply measure(Case what) {
    try {
      return switch (what) {
        case Case.Decode(int streams, int context, int steps) -> decode(streams, context, steps);
        case Case.Prefill(int tokens, int runs) -> prefill(tokens, runs);
      };
    } catch (OutcropException e) {
      return new Reply.Failed(String.valueOf(e.getMessage()));
    }
  }

  private Reply decode(int streams, int context, int steps) {
    int[][] tokens = new int[streams][];
    if (context != filledContext) {
      filled = 0;
      filledContext = context;
    }
    for (int s = 0; s < streams; s++) {
      tokens[s] = tokens(s, context + steps + WARM);
      if (s >= filled) {
        prompt(tokens[s], context, s * sequenceTokens);
      }
    }
    filled = Math.max(filled, streams);
    double[] millis = new double[steps];
    for (int i = -WARM; i < steps; i++) {
      int length = context + WARM + i + 1;
      plan.clear();
      for (int s = 0; s < streams; s++) {
        plan.row(length - 1);
        plan.tokens(tokens[s], length - 1, 1);
        plan.segment(s * sequenceTokens, length);
        plan.sample(Sampling.GREEDY, tokens[s], context, length);
      }
      long start = System.nanoTime();
      StepResult.Sampled _ = step();
      if (i >= 0) {
        millis[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    return new Reply.Measured(millis, Reply.NO_TOKEN, Map.of());
  }

  private Reply prefill(int count, int runs) {
    int[] tokens = tokens(0, count);
    double[] millis = new double[runs];
    int token = Reply.NO_TOKEN;
    for (int i = -1; i < runs; i++) {
      long start = System.nanoTime();
      token = prompt(tokens, count, promptSlot);
      if (i >= 0) {
        millis[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    return new Reply.Measured(millis, token, Map.of());
  }

  /** The token after a prompt. */
  private int prompt(int[] tokens, int count, int slot) {
    int token = Reply.NO_TOKEN;
    for (int from = 0; from < count; from += CHUNK) {
      int end = Math.min(count, from + CHUNK);
      plan.clear();
      plan.row(from);
      plan.tokens(tokens, from, end - from);
      plan.segment(slot, end);
      if (end == count) {
        plan.sample(Sampling.GREEDY, tokens, count, count);
        token = step().tokens()[0];
      } else {
        StepResult.Sampled _ = step();
      }
    }
    return token;
  }

  private StepResult.Sampled step() {
    return switch (model.engine().submit(plan).await()) {
      case StepResult.Sampled result -> result;
      case StepResult.Failed(OutcropException error) ->
          throw new OutcropException(ModelError.STEP_FAILED, "a measured step failed", error);
    };
  }

  /** The same tokens in every contestant. */
  private int[] tokens(int stream, int count) {
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = (int) ((stream * 7_919L + i * 104_729L + 13) % vocabulary);
    }
    return tokens;
  }

  @Override
  public void close() {
    model.engine().close();
    model.close();
  }
}
