package dev.outcrop.bench.scheduler;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Plan and apply of one step under {@link SteadyLoad}; run by JMH. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class SchedulerSteps {
  /** Sequences that run at a time. */
  @Param("1000")
  public int sequences;

  /** In which order they start. */
  @Param("FAIR")
  public Policy policy = Policy.FAIR;

  private @Nullable SteadyLoad load;

  /** JMH makes it. */
  public SchedulerSteps() {}

  /** Fills the house. */
  @Setup(Level.Trial)
  public void fill() {
    load = SteadyLoad.of(sequences, policy);
    LoadProfiler.watch(load);
  }

  /** What happens between two steps; a step takes so long that timing it alone is sound. */
  @Setup(Level.Invocation)
  public void arrive() {
    load().arrive();
  }

  /** The measured part. */
  @Benchmark
  public int step() {
    return load().step();
  }

  /** What the step was like. */
  @TearDown(Level.Invocation)
  public void count() {
    load().count();
  }

  private SteadyLoad load() {
    return Objects.requireNonNull(load);
  }
}
