package dev.outcrop.bench.soak;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.bench.options.ModelFolder;
import dev.outcrop.bench.report.Memory;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.EngineLoader;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench soak}: whether memory grows while requests come and go. */
@Command(
    name = "soak",
    description =
        "Runs callers without a pause, some of which give up in the middle, and looks whether"
            + " resident memory grows and whether handles of libtorch stay open. Ends with 1 where"
            + " some do, a request failed, or a caller did.",
    mixinStandardHelpOptions = true)
public final class SoakCommand implements Callable<Integer> {
  private static final double MIB = 1 << 20;
  private static final double MINUTE = 60e9;

  @Mixin private final ModelFolder model = new ModelFolder();

  @Option(
      names = "--streams",
      defaultValue = "16",
      description = "Requests at any time (${DEFAULT-VALUE})")
  private int streams;

  @Option(
      names = "--minutes",
      defaultValue = "30",
      description = "How long to run (${DEFAULT-VALUE})")
  private double minutes;

  @Option(
      names = "--settle",
      description = "Minutes at the beginning that do not count (5, or a third of a shorter run)")
  private @Nullable Double settle;

  @Option(names = "--seed", defaultValue = "1", description = "Of the requests (${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--every",
      description = "Seconds between two looks at the memory (5, or a tenth of a shorter run)")
  private @Nullable Double every;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public SoakCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    Bounds bounds = new Bounds(spec);
    bounds.within("--streams", streams, 1, BatchingConfig.DEFAULT.maxRunning());
    bounds.within("--minutes", minutes, 0.01, 10_000);
    bounds.within("--settle", settle(), 0, minutes);
    bounds.within("--every", every(), 0.01, 600);
    bounds.that(
        settle() * 60 + 2 * every() <= minutes * 60,
        "--settle leaves no time in --minutes for two looks (--every)");
    Run run = Run.begin("soak");
    Path folder = model.folder();
    Map<String, Number> headline = new LinkedHashMap<>();
    List<Map<String, Object>> results = new ArrayList<>();
    try (LoadedModel loaded = LoadedModel.open(folder, LoadOptions.DEFAULT)) {
      Batcher batcher =
          Batchers.start("soak", loaded.engine(), BatchingConfig.DEFAULT, System::nanoTime);
      soak(batcher, loaded.info().vocabularySize(), results, headline);
    }
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("model", String.valueOf(folder.getFileName()));
    described.put("streams", streams);
    described.put("seed", seed);
    run.print(described, 1, units(), results, headline);
    return sound(headline) ? 0 : 1;
  }

  private double settle() {
    return settle == null ? Math.min(5, minutes / 3) : settle;
  }

  private double every() {
    return every == null ? Math.min(5, minutes * 60 / 10) : every;
  }

  /** Whether nothing failed. How fast memory may grow is for the reader to say. */
  static boolean sound(Map<String, Number> headline) {
    return Stream.of("failures", "deadCallers", "openHandles")
        .allMatch(name -> headline.getOrDefault(name, 1).longValue() == 0);
  }

  /** Runs callers against a batcher, which it closes. */
  void soak(
      Batcher batcher,
      int vocabulary,
      List<Map<String, Object>> results,
      Map<String, Number> headline)
      throws IOException, InterruptedException {
    Client.Counts counts = new Client.Counts();
    List<Thread> threads = new ArrayList<>();
    Slope slope = new Slope();
    try {
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < streams; i++) {
        Client client = new Client(batcher, vocabulary, random.split(), "tenant-" + i % 4, counts);
        threads.add(Thread.ofVirtual().name("soak-", i).start(client));
      }
      results.addAll(looks(counts, slope));
      headline.put("deadCallers", threads.stream().filter(thread -> !thread.isAlive()).count());
    } finally {
      threads.forEach(Thread::interrupt);
      for (Thread thread : threads) {
        thread.join();
      }
      batcher.close();
    }
    headline.put("mibPerMinute", slope.value() / MIB);
    headline.put("looksThatCount", slope.size());
    headline.put("requests", counts.requests().sum());
    headline.put("cancels", counts.cancels().sum());
    headline.put("tokens", counts.tokens().sum());
    headline.put("failures", counts.failures().sum());
    headline.put("openHandles", EngineLoader.openHandles());
  }

  /** Looks at the memory again and again; what comes before things have settled does not count. */
  private List<Map<String, Object>> looks(Client.Counts counts, Slope slope)
      throws IOException, InterruptedException {
    List<Map<String, Object>> results = new ArrayList<>();
    long start = System.nanoTime();
    long printed = -1;
    while (true) {
      Thread.sleep(Duration.ofNanos((long) (every() * 1e9)));
      double at = (System.nanoTime() - start) / MINUTE;
      Memory memory = Memory.now();
      if (at >= settle()) {
        slope.add(at, (double) memory.bytes());
      }
      if ((long) at > printed || at >= minutes) {
        printed = (long) at;
        Map<String, Object> look = new LinkedHashMap<>();
        look.put("minute", at);
        look.put("anonymousMib", memory.anonymous() / MIB);
        look.put("mappedMib", memory.mapped() / MIB);
        look.put("tokens", counts.tokens().sum());
        results.add(look);
        System.err.printf(
            Locale.ROOT,
            "minute %.1f: %.1f MiB resident, %d requests, %d given up%n",
            at,
            memory.bytes() / MIB,
            counts.requests().sum(),
            counts.cancels().sum());
      }
      if (at >= minutes) {
        return results;
      }
    }
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        minute: min
        anonymousMib: MiB
        mappedMib: MiB
        tokens: tokens
        mibPerMinute: MiB/min
        looksThatCount: looks
        requests: requests
        cancels: requests
        failures: requests
        deadCallers: callers that ended with an exception
        openHandles: handles\
        """);
  }
}
