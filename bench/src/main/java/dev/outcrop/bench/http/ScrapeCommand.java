package dev.outcrop.bench.http;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench scrape}: what a look at the metrics costs while streams run. */
@Command(
    name = "scrape",
    description =
        "Reads /metrics again and again while streams run on a server that many tenants have used,"
            + " in both formats.",
    mixinStandardHelpOptions = true)
public final class ScrapeCommand implements Callable<Integer> {
  private static final String TENANTS = "tenants";

  /** How long the streams run without scrapes, to know what they cost. */
  private static final Duration ALONE = Duration.ofSeconds(3);

  private static final int FEW = 20;

  /** Prometheus asks for the second. */
  private static final List<Format> FORMATS =
      List.of(
          new Format("text", "text/plain;version=0.0.4"),
          new Format("openmetrics", "application/openmetrics-text;version=1.0.0"));

  /** A format, and the header that asks for it. */
  private record Format(String name, String accept) {}

  @Option(
      names = "--streams",
      defaultValue = "16",
      description = "Streams that run (${DEFAULT-VALUE})")
  private int streams;

  @Option(
      names = "--rate",
      defaultValue = "50",
      description = "Tokens per second of each (${DEFAULT-VALUE})")
  private double rate;

  @Option(
      names = "--tenants",
      defaultValue = "1000",
      description = "Tenants that have made a request (${DEFAULT-VALUE})")
  private int tenants;

  @Option(
      names = "--scrapes",
      defaultValue = "200",
      description = "Scrapes of each format that count (${DEFAULT-VALUE})")
  private int scrapes;

  @Option(
      names = "--warmup",
      defaultValue = "200",
      description = "Scrapes of each format that do not (${DEFAULT-VALUE})")
  private int warmup;

  @Option(
      names = "--pause",
      defaultValue = "20",
      description = "Milliseconds between two scrapes (${DEFAULT-VALUE})")
  private int pause;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public ScrapeCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    Bounds bounds = new Bounds(spec);
    bounds.within("--streams", streams, 1, HttpConfig.DEFAULT.maxRequests());
    bounds.within("--rate", rate, 1, 10_000);
    bounds.within("--tenants", tenants, 1, 100_000);
    bounds.within("--scrapes", scrapes, 1, 1_000_000);
    bounds.within("--warmup", warmup, 0, 1_000_000);
    bounds.within("--pause", pause, 0, 60_000);
    Run run = Run.begin("scrape");
    List<Map<String, Object>> results = measured();
    Map<String, Number> headline = new LinkedHashMap<>();
    for (Map<String, Object> result : results) {
      if (result.get("p99Ms") instanceof Number p99) {
        headline.put(result.get("format") + "P99Ms", p99);
      }
    }
    run.print(described(), 1, units(), results, headline);
    return 0;
  }

  private List<Map<String, Object>> measured() throws IOException, InterruptedException {
    Tenants callers = new Tenants(tenants);
    Path keys = callers.write(Files.createTempFile("outcrop-bench", ".keys"));
    PacedBatcher.Pace pace = new PacedBatcher.Pace(streams, rate, rate, true);
    double longest =
        2.0 * (warmup + scrapes) * (pause + 50) / 1_000 + PacedStreams.PATIENCE.toSeconds();
    try (Batcher quick = quick();
        PacedStreams streaming =
            new PacedStreams(
                pace, longest, new AuthConfig(keys), PacedStreams.served(TENANTS, quick))) {
      callers.callOnce(streaming.server().endpoint(), TENANTS);
      streaming.begin(callers.key(0));
      URI page =
          URI.create("http://127.0.0.1:%d/metrics".formatted(streaming.server().managementPort()));
      List<Map<String, Object>> results = new ArrayList<>();
      for (Format format : FORMATS) {
        results.add(measured(page, format));
      }
      streaming.end(); // what was read while they did not run is no result
      return results;
    } finally {
      Files.delete(keys);
    }
  }

  private static Batcher quick() {
    return Batchers.start(
        TENANTS,
        new FakeEngine(new KvGeometry(16, 256, 1, 1_024), 1_000),
        BatchingConfig.DEFAULT,
        System::nanoTime);
  }

  /** What the streams alone cost. */
  private double cpuPerNano() throws InterruptedException {
    long begin = System.nanoTime();
    Work before = Work.now();
    Thread.sleep(scrapes < FEW ? ALONE.dividedBy(10) : ALONE);
    return (double) Work.now().minus(before).cpuNanos() / (System.nanoTime() - begin);
  }

  private Map<String, Object> measured(URI page, Format format)
      throws IOException, InterruptedException {
    Delays delays = new Delays();
    byte[] last = {};
    for (int i = 0; i < warmup; i++) {
      last = read(page, format.accept);
      Thread.sleep(pause);
    }
    double cpuOfStreams = cpuPerNano();
    Work before = Work.now();
    long from = System.nanoTime();
    for (int i = 0; i < scrapes; i++) {
      long begin = System.nanoTime();
      last = read(page, format.accept);
      delays.add(System.nanoTime() - begin);
      Thread.sleep(pause);
    }
    Work work = Work.now().minus(before);
    double cpu = work.cpuNanos() - cpuOfStreams * (System.nanoTime() - from);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("format", format.name);
    figures.put("p50Ms", delays.percentile(0.5) / 1e6);
    figures.put("p99Ms", delays.percentile(0.99) / 1e6);
    figures.put("meanMs", delays.mean() / 1e6);
    figures.put("cpuMs", Math.max(0, cpu) / scrapes / 1e6);
    figures.put("bytes", last.length);
    figures.put("lines", new String(last, StandardCharsets.UTF_8).lines().count());
    System.err.println(figures);
    return figures;
  }

  private static byte[] read(URI page, String accept) throws IOException {
    URLConnection connection = page.toURL().openConnection();
    connection.setRequestProperty("Accept", accept);
    try (var in = connection.getInputStream()) {
      return in.readAllBytes();
    }
  }

  private Map<String, Object> described() {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("streams", streams);
    described.put("tokensPerSecondOfEach", rate);
    described.put("tenants", tenants);
    described.put("scrapes", scrapes);
    described.put("pauseMs", pause);
    return described;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        format: what the Accept header asks for
        p50Ms: ms from the request to the end of the page, client and server in one process
        p99Ms: ms, the same
        meanMs: ms, the same
        cpuMs: ms of processor time for each scrape, of the client too, without that of the streams
        bytes: bytes of the page
        lines: lines of the page
        textP99Ms: ms, p99Ms of the text format
        openmetricsP99Ms: ms, p99Ms of OpenMetrics
        """);
  }
}
