package dev.outcrop.bench.options;

import dev.outcrop.serving.options.Bounds;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Option;

/** The options of a command that times a method with JMH: how often, how long, in how many JVMs. */
public final class JmhOptions {
  private static final int MOST_ITERATIONS = 10_000;
  private static final double LEAST_SECONDS = 0.01;
  private static final double MOST_SECONDS = 3_600;
  private static final int MOST_FORKS = 100;

  @Option(
      names = "--warmup",
      defaultValue = "3",
      description = "Iterations that do not count (${DEFAULT-VALUE})")
  private int warmup;

  @Option(
      names = "--iterations",
      defaultValue = "5",
      description = "Iterations that count, in each JVM (${DEFAULT-VALUE})")
  private int iterations;

  @Option(names = "--seconds", description = "Seconds of an iteration (${DEFAULT-VALUE})")
  private double seconds;

  @Option(
      names = "--forks",
      description = "JVMs to measure in, one after the other; 0 for this one (${DEFAULT-VALUE})")
  private int forks;

  /** The defaults of a command. */
  public JmhOptions(double seconds, int forks) {
    this.seconds = seconds;
    this.forks = forks;
  }

  /** Refuses what is out of bounds. */
  public void check(Bounds bounds) {
    bounds.within("--warmup", warmup, 0, MOST_ITERATIONS);
    bounds.within("--iterations", iterations, 1, MOST_ITERATIONS);
    bounds.within("--seconds", seconds, LEAST_SECONDS, MOST_SECONDS);
    bounds.within("--forks", forks, 0, MOST_FORKS);
  }

  /** Whether it is measured in this JVM. */
  public boolean isInThisJvm() {
    return forks == 0;
  }

  /** How often each figure is measured. */
  public int repeats() {
    return Math.max(1, forks);
  }

  /** What runs one method of a class with these options; a caller adds parameters and profilers. */
  public ChainedOptionsBuilder of(Class<?> type, String method) {
    TimeValue time = TimeValue.milliseconds(Math.round(seconds * 1e3));
    return new OptionsBuilder()
        .include("^" + type.getName().replace(".", "\\.") + "\\." + method + "$")
        .warmupIterations(warmup)
        .warmupTime(time)
        .measurementIterations(iterations)
        .measurementTime(time)
        .forks(forks)
        .shouldFailOnError(true);
  }

  /** Runs it; its progress goes to stderr, for stdout belongs to the result. */
  public static RunResult run(ChainedOptionsBuilder options) throws RunnerException {
    return new Runner(
            options.build(),
            OutputFormatFactory.createFormatInstance(System.err, VerboseMode.NORMAL))
        .runSingle();
  }

  /** Writes down how it is measured. */
  public void describe(Map<String, Object> described) {
    described.put("warmupIterations", warmup);
    described.put("iterations", iterations);
    described.put("secondsPerIteration", seconds);
  }
}
