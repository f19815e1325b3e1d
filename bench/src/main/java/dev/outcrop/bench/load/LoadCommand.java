package dev.outcrop.bench.load;

import dev.outcrop.bench.endpoint.Address;
import dev.outcrop.bench.endpoint.Api;
import dev.outcrop.bench.endpoint.Target;
import dev.outcrop.bench.endpoint.TargetOptions;
import dev.outcrop.bench.report.HtmlReport;
import dev.outcrop.bench.report.Run;
import dev.outcrop.bench.report.RunResult;
import dev.outcrop.bench.scenario.Arrivals;
import dev.outcrop.bench.scenario.Recording;
import dev.outcrop.bench.scenario.Scenario;
import dev.outcrop.bench.scenario.ScenarioFile;
import dev.outcrop.bench.scenario.Shape;
import dev.outcrop.bench.scenario.TextScale;
import dev.outcrop.bench.scenario.TraceFile;
import dev.outcrop.serving.options.Bounds;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench load}: a scenario against a server, over the network as its users come. */
@Command(
    name = "load",
    description =
        "Sends the requests of a scenario to a server (Outcrop, Amazon Bedrock, or any with OpenAI's"
            + " chat completions) and measures what its users would see.",
    footer = {
      "",
      "Exit codes: 0 measured, 1 the server does not answer or the scenario is wrong,",
      "2 wrong usage, 3 measured, but some points are not valid (the client lagged, or",
      "nothing came whole)."
    },
    mixinStandardHelpOptions = true)
public final class LoadCommand implements Callable<Integer> {
  private static final int NOT_VALID = 3;
  private static final int MOST_REPEATS = 100;
  private static final int MOST_DEVICES = 100_000;

  /** Set by the launcher, which knows what Java cannot: whether stderr is a terminal. */
  private static final String TERMINAL = "OUTCROP_STDERR_TERMINAL";

  @Mixin private final TargetOptions targets = new TargetOptions();

  @Option(
      names = "--scenario",
      required = true,
      description = "A YAML file, or the name of a scenario that is bundled, such as smoke or chat")
  private String scenarioName = "";

  @Option(
      names = "--trace",
      description =
          "What a replay goes by: CSV or logs of Bedrock model invocations (also .gz, or a folder)")
  private @Nullable Path trace;

  @Option(names = "--speed", description = "Times as fast as the trace (what the scenario says)")
  private @Nullable Double speed;

  @Option(
      names = "--texts",
      description = "Send the texts that the logs hold, in place of made-up ones that are as long")
  private boolean texts;

  @Option(names = "--repeats", description = "Repeats of each point (what the scenario says)")
  private @Nullable Integer repeats;

  @Option(
      names = "--seed",
      description =
          "Draws arrivals and prompts (what the scenario says, else another one each time, so that"
              + " no prompt of an earlier run is in a cache)")
  private @Nullable Long seed;

  @Option(
      names = "--metrics",
      description =
          "Where the target's metrics are, such as http://127.0.0.1:8081/metrics; read every second")
  private @Nullable String metrics;

  @Option(
      names = "--instance",
      paramLabel = "TYPE",
      description = "The EC2 type that the target runs on, whole, for bench dollars")
  private @Nullable String instance;

  @Option(
      names = "--devices",
      description = "Devices of the target (as many as --instance has, where it is listed; else 1)")
  private @Nullable Integer devices;

  @Option(
      names = "--most-lag",
      defaultValue = "50",
      description =
          "Milliseconds by which the client may be late at p99 before a point is not valid"
              + " (${DEFAULT-VALUE})")
  private double mostLag;

  @Option(names = "--html", description = "Write a report with plots to this file, too")
  private @Nullable Path html;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public LoadCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    Bounds bounds = new Bounds(spec);
    targets.check(bounds);
    bounds.within("--devices", devices(), 1, MOST_DEVICES);
    bounds.within("--most-lag", mostLag, 1, 60_000);
    bounds.within("--repeats", repeats == null ? 1 : repeats, 1, MOST_REPEATS);
    bounds.within("--speed", speed == null ? 1 : speed, 1e-3, 1e6);
    bounds.that(
        metrics == null || Address.read(metrics) != null,
        "--metrics must be like http://127.0.0.1:8081/metrics, "
            + Address.refused(String.valueOf(metrics)));
    bounds.writable("--html", html);
    Scenario scenario = scenario(bounds);
    TraceFile.Trace replayed = trace(scenario);
    Run run = Run.begin("load");
    long drawn = scenario.seed() == null ? run.start().toEpochMilli() : scenario.seed();
    try (Target target = targets.open()) {
      if (scenario.ignoreEos() && target.api() == Api.CONVERSE) {
        throw new IOException(
            "%s: ignoreEos asks for what ConverseStream has no field for; take --api openai"
                .formatted(scenarioName));
      }
      return measured(target, scenario, replayed, run, drawn);
    }
  }

  private int devices() {
    if (devices != null) {
      return devices;
    }
    return instance == null
        ? 1
        : Prices.read(null).instance(instance).map(Instance::devices).orElse(1);
  }

  private int measured(
      Target target, Scenario scenario, TraceFile.Trace replayed, Run run, long drawn)
      throws IOException, InterruptedException {
    LoadRun.Settings settings =
        new LoadRun.Settings(drawn, devices(), mostLag, texts && !replayed.requests().isEmpty());
    Timeline timeline = metrics == null ? null : new Timeline(URI.create(metrics));
    try (LiveView view = new LiveView("yes".equals(System.getenv(TERMINAL)));
        timeline) {
      announce(view, target, scenario, replayed, drawn);
      TextScale scale = Calibration.of(target, drawn, scenario.timeout());
      Map<Point, List<LoadRun.Repeat>> points =
          new LoadRun(target, scenario, settings, scale, replayed.requests(), timeline, view).run();
      if (timeline != null && timeline.fault() != null) {
        view.say("metrics: " + timeline.fault());
      }
      LoadResult result = new LoadResult(points, devices());
      RunResult printed =
          run.result(
              described(target, scenario, replayed, scale, drawn),
              scenario.repeats(),
              result.units(),
              result.results(),
              result.headline(),
              result.series());
      System.out.println(printed.toJson());
      if (html != null) {
        Files.writeString(html, HtmlReport.of(List.of(printed)));
        view.say("report: " + html);
      }
      if (!scenario.evidence()) {
        view.say("This scenario is to see that all works. Its figures are no evidence.");
      }
      return result.invalidPoints() == 0 ? 0 : NOT_VALID;
    }
  }

  private Scenario scenario(Bounds bounds) throws IOException {
    Scenario read = ScenarioFile.read(scenarioName);
    Arrivals arrivals = read.arrivals();
    if (arrivals instanceof Arrivals.Replay replay) {
      Path file = trace == null ? replay.file() : trace;
      bounds.that(file != null, "--trace must say what to replay: the scenario does not");
      arrivals = new Arrivals.Replay(file, speed == null ? replay.speed() : speed, replay.model());
    } else {
      bounds.that(trace == null, "--trace is for scenarios that replay, such as replay");
      bounds.that(speed == null, "--speed is for scenarios that replay, such as replay");
      bounds.that(!texts, "--texts is for scenarios that replay, such as replay");
    }
    return read.with(
        arrivals, repeats == null ? read.repeats() : repeats, seed == null ? read.seed() : seed);
  }

  private TraceFile.Trace trace(Scenario scenario) throws IOException {
    return scenario.arrivals() instanceof Arrivals.Replay replay
        ? TraceFile.read(Objects.requireNonNull(replay.file()), replay.model(), texts)
        : new TraceFile.Trace(List.of(), 0);
  }

  private void announce(
      LiveView view, Target target, Scenario scenario, TraceFile.Trace replayed, long drawn) {
    view.say(
        "%s against %s of %s by %s, seed %d"
            .formatted(scenario.name(), target.model(), target.server(), word(target), drawn));
    if (!scenario.description().isEmpty()) {
      view.say(scenario.description());
    }
    List<Recording> requests = replayed.requests();
    if (!requests.isEmpty()) {
      long withTexts = requests.stream().filter(request -> request.texts() != null).count();
      view.say(
          "%d requests over %.0f s, %d with their texts; %d records left out"
              .formatted(
                  requests.size(), requests.getLast().seconds(), withTexts, replayed.left()));
    }
  }

  private Map<String, Object> described(
      Target target, Scenario scenario, TraceFile.Trace replayed, TextScale scale, long drawn) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("scenario", scenario.name());
    described.put("description", scenario.description());
    described.put("evidence", scenario.evidence());
    described.put("target", target.server().toString());
    described.put("api", word(target));
    described.put("model", target.model());
    if (instance != null) {
      described.put("instance", instance);
    }
    described.put("devices", devices());
    described.put("arrivals", scenario.arrivals().told());
    described.put("seed", drawn);
    described.put("sloTtftMs", scenario.slo().ttftMs());
    described.put("sloTpotMs", scenario.slo().tpotMs());
    described.put("timeoutSeconds", scenario.timeout().toMillis() / 1e3);
    described.put("mostLagMs", mostLag);
    described.put("sharesPrefixes", scenario.shape().sharesPrefixes());
    described.put("promptOverheadTokens", scale.overhead());
    described.put("promptTokensPerWord", scale.perWord());
    if (scenario.shape() instanceof Shape.Recorded) {
      described.put("traceName", scenario.arrivals().traceName());
      described.put("traceSha256", replayed.sha256());
      described.put("traceRequests", replayed.requests().size());
      described.put("traceRecordsLeftOut", replayed.left());
      described.put("traceTexts", texts);
    }
    described.put("config", scenario.source());
    described.put("priceSource", "none");
    return described;
  }

  private static String word(Target target) {
    return target.api().name().toLowerCase(Locale.ROOT);
  }
}
