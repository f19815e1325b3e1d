package dev.outcrop.bench.micro;

import dev.outcrop.bench.options.JmhOptions;
import dev.outcrop.bench.options.ModelFolder;
import dev.outcrop.bench.report.Run;
import dev.outcrop.bench.scheduler.LoadProfiler;
import dev.outcrop.bench.scheduler.SchedulerSteps;
import dev.outcrop.serving.options.Bounds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench micro}: what the parts around the engine cost, one by one. */
@Command(
    name = "micro",
    description =
        "Times scheduler, tokenizer, detokeniser, chat template, event stream, JSON and grammar"
            + " masks with JMH, and counts the bytes they allocate.",
    mixinStandardHelpOptions = true)
public final class MicroCommand implements Callable<Integer> {
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description =
          "Which: scheduler, tokenizer, detokenizer, template, eventStreamWrite,"
              + " eventStreamRead, json, grammarMask (all)")
  private @Nullable List<String> only;

  @Mixin private final JmhOptions jmh = new JmhOptions(1, 2);

  @Mixin private final ModelFolder model = new ModelFolder();

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public MicroCommand() {}

  @Override
  public Integer call() throws RunnerException {
    Bounds bounds = new Bounds(spec);
    jmh.check(bounds);
    List<MicroCase> cases = cases(bounds);
    String folder = model.folder().toAbsolutePath().toString();
    Run run = Run.begin("micro");
    List<Map<String, Object>> results = new ArrayList<>();
    for (MicroCase each : cases) {
      results.add(measure(each, folder));
    }
    run.print(described(), jmh.repeats(), units(), results, Map.of());
    return 0;
  }

  private List<MicroCase> cases(Bounds bounds) {
    if (only == null) {
      return MicroCase.ALL;
    }
    for (String name : only) {
      bounds.that(
          MicroCase.ALL.stream().anyMatch(each -> each.name().equals(name)),
          "--only takes %s, was %s"
              .formatted(
                  String.join(", ", MicroCase.ALL.stream().map(MicroCase::name).toList()), name));
    }
    List<String> wanted = only;
    return MicroCase.ALL.stream().filter(each -> wanted.contains(each.name())).toList();
  }

  private Map<String, Object> measure(MicroCase each, String folder) throws RunnerException {
    boolean scheduler = each.type() == SchedulerSteps.class;
    if (jmh.isInThisJvm()) {
      System.setProperty(MicroFolder.PROPERTY, folder);
    }
    RunResult result =
        JmhOptions.run(
            jmh.of(each.type(), each.method())
                .jvmArgsAppend("-D" + MicroFolder.PROPERTY + "=" + folder)
                .addProfiler(scheduler ? LoadProfiler.class : GCProfiler.class));
    double nanos = result.getPrimaryResult().getScore() * (scheduler ? 1e3 : 1);
    double error = result.getPrimaryResult().getScoreError() * (scheduler ? 1e3 : 1);
    String allocated = scheduler ? LoadProfiler.BYTES : ALLOCATED;
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("name", each.name());
    figures.put("operation", each.operation());
    figures.put("nanosPerOperation", nanos);
    if (Double.isFinite(error)) { // one iteration alone has none
      figures.put("errorNanos", error);
    }
    figures.put("nanosPerPart", nanos / each.parts());
    figures.put("part", each.part());
    var bytes = result.getSecondaryResults().get(allocated);
    if (bytes != null && Double.isFinite(bytes.getScore())) {
      figures.put("bytesPerOperation", bytes.getScore());
    }
    return figures;
  }

  private Map<String, Object> described() {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("model", String.valueOf(model.folder().getFileName()));
    jmh.describe(described);
    return described;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        name: what was timed
        operation: what an operation is
        nanosPerOperation: ns, mean of all iterations
        errorNanos: ns, half of the 99.9 % confidence interval of that mean
        nanosPerPart: ns
        part: what an operation has many of
        bytesPerOperation: bytes that an operation allocates on the Java heap
        """);
  }
}
