package dev.outcrop.bench.http;

import dev.outcrop.bench.report.Run;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench http}: what the way from the engine to the client costs. */
@Command(
    name = "http",
    description =
        "Streams tokens of an engine that costs nothing to ConverseStream clients in the same"
            + " process: many fast streams for the throughput, fewer slow ones for the delay.",
    mixinStandardHelpOptions = true)
public final class HttpCommand implements Callable<Integer> {
  private static final int MOST_STREAMS = HttpConfig.DEFAULT.maxRequests();
  private static final double MOST_RATE = 10_000;
  private static final double MOST_SECONDS = 3_600;

  @Option(
      names = "--streams",
      defaultValue = "512",
      description = "Streams of the run for throughput (${DEFAULT-VALUE})")
  private int streams;

  @Option(
      names = "--slowest",
      defaultValue = "60",
      description = "Tokens per second of the slowest of these (${DEFAULT-VALUE})")
  private double slowest;

  @Option(
      names = "--fastest",
      defaultValue = "100",
      description =
          "Tokens per second of the fastest; others lie evenly between (${DEFAULT-VALUE})")
  private double fastest;

  @Option(
      names = "--calm-streams",
      defaultValue = "64",
      description = "Streams of the run for the delay; 0 leaves it out (${DEFAULT-VALUE})")
  private int calmStreams;

  @Option(
      names = "--calm-rate",
      defaultValue = "30",
      description = "Tokens per second of each of these (${DEFAULT-VALUE})")
  private double calmRate;

  @Option(
      names = "--together",
      description =
          "Streams of one pace get their tokens at the same moment, as from the step of an engine")
  private boolean together;

  @Option(
      names = "--warmup",
      defaultValue = "5",
      description = "Seconds of each run that do not count (${DEFAULT-VALUE})")
  private double warmup;

  @Option(
      names = "--seconds",
      defaultValue = "10",
      description = "Seconds of each run that count (${DEFAULT-VALUE})")
  private double seconds;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public HttpCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    Bounds bounds = new Bounds(spec);
    bounds.within("--streams", streams, 1, MOST_STREAMS);
    bounds.within("--slowest", slowest, 1, MOST_RATE);
    bounds.within("--fastest", fastest, slowest, MOST_RATE);
    bounds.within("--calm-streams", calmStreams, 0, MOST_STREAMS);
    bounds.within("--calm-rate", calmRate, 1, MOST_RATE);
    bounds.within("--warmup", warmup, 0, MOST_SECONDS);
    bounds.within("--seconds", seconds, 0.1, MOST_SECONDS);
    Run run = Run.begin("http");
    System.err.println(Point.HEADER);
    Point busy = measured(new PacedBatcher.Pace(streams, slowest, fastest, together));
    Map<String, Number> headline = new LinkedHashMap<>();
    headline.put("tokensPerSecond", busy.tokensPerSecond());
    headline.put("flushesPerToken", busy.flushesPerToken());
    List<Map<String, Number>> results = List.of(busy.figures());
    if (calmStreams > 0) {
      Point calm = measured(new PacedBatcher.Pace(calmStreams, calmRate, calmRate, together));
      headline.put("addedP99Ms", calm.p99Ms());
      results = List.of(busy.figures(), calm.figures());
    }
    run.print(described(), 1, units(), results, headline);
    return 0;
  }

  private Point measured(PacedBatcher.Pace pace) throws IOException, InterruptedException {
    double longest = warmup + seconds + PacedStreams.PATIENCE.toSeconds();
    try (PacedStreams streaming = new PacedStreams(pace, longest, AuthConfig.DEFAULT)) {
      LoadClient client = streaming.begin("");
      sleep(warmup);
      long from = System.nanoTime();
      client.window(from, from + Math.round(seconds * 1e9));
      Work before = Work.now();
      sleep(seconds);
      Work after = Work.now();
      Point point = new Point(pace, seconds, streaming.end(), after.minus(before));
      System.err.println(point.row());
      return point;
    }
  }

  private static void sleep(double seconds) throws InterruptedException {
    Thread.sleep(Duration.ofNanos(Math.round(seconds * 1e9)));
  }

  private Map<String, Object> described() {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("protocol", "HTTP/1.1, a connection for each stream");
    described.put("together", together);
    described.put("warmupSeconds", warmup);
    described.put("seconds", seconds);
    return described;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        streams: streams at once
        offeredTokensPerSecond: tokens/s that the engine hands out
        tokensPerSecond: tokens/s that clients received
        flushesPerToken: writes of the server that carry tokens, for each token
        addedMeanMs: ms from the engine to the client
        addedP50Ms: ms, the same
        addedP99Ms: ms, the same; in front of the list that of the slow streams
        cpuMicrosPerToken: us of processor time of the whole process, load client included
        bytesPerToken: bytes allocated by the whole process
        """);
  }
}
