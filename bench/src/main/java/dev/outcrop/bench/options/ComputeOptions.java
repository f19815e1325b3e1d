package dev.outcrop.bench.options;

import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineRuntime;
import dev.outcrop.serving.options.Bounds;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options of a command that runs a model: how it computes, and how often it is measured. */
public final class ComputeOptions {
  private static final int MOST_REPEATS = 1_000;

  @Option(
      names = "--dtype",
      description = "Type to compute in: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private ComputeType dtype;

  @Option(
      names = "--repeats",
      description = "Repeats; what is compared takes turns (${DEFAULT-VALUE})")
  private int repeats;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Threads of an operator; 0 for libtorch's choice")
  private int threads;

  /** The defaults of a command. */
  public ComputeOptions(ComputeType dtype, int repeats) {
    this.dtype = dtype;
    this.repeats = repeats;
  }

  /** The type to compute in. */
  public ComputeType dtype() {
    return dtype;
  }

  /** How often everything is measured. */
  public int repeats() {
    return repeats;
  }

  /** Threads of an operator; 0 for libtorch's choice. */
  public int threads() {
    return threads;
  }

  /** Refuses what is out of bounds. */
  public void check(Bounds bounds) {
    bounds.within("--repeats", repeats, 1, MOST_REPEATS);
    bounds.within("--threads", threads, 0, Bounds.MOST_THREADS);
  }

  /**
   * Writes down how it is computed; the repeats stand elsewhere in a result. Called by the thread
   * that ran the model, after it did: it is the one that knows how many threads there were.
   */
  public void describe(Map<String, Object> described) {
    described.put("dtype", dtype.name().toLowerCase(Locale.ROOT));
    described.put("threads", EngineRuntime.threadsHere());
  }
}
