package dev.outcrop.bench.load;

import dev.outcrop.bench.endpoint.Target;
import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.scenario.Arrivals;
import dev.outcrop.bench.scenario.Extent;
import dev.outcrop.bench.scenario.Recording;
import dev.outcrop.bench.scenario.Scenario;
import dev.outcrop.bench.scenario.Sessions;
import dev.outcrop.bench.scenario.Shape;
import dev.outcrop.bench.scenario.TextScale;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Runs every point of a scenario as often as it says. The points take turns, so that a machine that
 * slows down slows all of them. Used by one thread.
 */
final class LoadRun {
  /** Users are doubled as long as that brings this much. */
  private static final double GAIN = 1.05;

  private final Target target;
  private final Scenario scenario;
  private final Settings settings;
  private final TextScale scale;
  private final List<Recording> trace;
  private final @Nullable Timeline timeline;
  private final LiveView view;
  private final Map<Point, List<Repeat>> repeats = new LinkedHashMap<>();

  /**
   * What is no part of the scenario.
   *
   * @param seed draws everything
   * @param devices devices of the target
   * @param mostLagMs a client that is later than that in one of a hundred cases has no figures to
   *     believe
   * @param texts whether texts of others are sent, so that no answer of the server may be shown
   */
  record Settings(long seed, int devices, double mostLagMs, boolean texts) {}

  /**
   * One repeat of a point.
   *
   * @param pauseP99Ms by how much the client's clock woke late
   * @param looks what the server's metrics said
   * @param invalid why its figures are not to be believed, or null
   */
  record Repeat(
      Measure measure, double pauseP99Ms, List<Timeline.Look> looks, @Nullable String invalid) {
    Map<String, Double> figures(int devices) {
      Map<String, Double> figures = measure.figures(devices);
      figures.put("p99_client_pause_ms", pauseP99Ms);
      return figures;
    }
  }

  LoadRun(
      Target target,
      Scenario scenario,
      Settings settings,
      TextScale scale,
      List<Recording> trace,
      @Nullable Timeline timeline,
      LiveView view) {
    this.target = target;
    this.scenario = scenario;
    this.settings = settings;
    this.scale = scale;
    this.trace = trace;
    this.timeline = timeline;
    this.view = view;
  }

  /** Runs all of it; the points in their order, each with its repeats. */
  Map<Point, List<Repeat>> run() throws InterruptedException {
    List<Point> points =
        switch (scenario.arrivals()) {
          case Arrivals.Poisson(List<Double> rates) -> open(rates, 1);
          case Arrivals.Gamma(List<Double> rates, double burstiness) -> open(rates, burstiness);
          case Arrivals.Replay replay -> List.of(new Point.Replayed(replay.speed()));
          case Arrivals.Closed(List<Integer> users) ->
              List.copyOf(users.stream().map(Point.Closed::new).toList());
          case Arrivals.Saturate saturate -> saturate(saturate);
        };
    for (int repeat = 1; repeat <= scenario.repeats(); repeat++) {
      for (Point point : points) {
        if (repeats.getOrDefault(point, List.of()).size() < repeat) {
          run(point, repeat);
        }
      }
    }
    return repeats;
  }

  private List<Point> open(List<Double> rates, double burstiness) {
    return List.copyOf(
        rates.stream().map(rate -> new Point.Open(rate, burstiness, turns() != 1)).toList());
  }

  /**
   * Doubles the users while that brings more, then spreads rates up to the most that came of it.
   */
  private List<Point> saturate(Arrivals.Saturate of) throws InterruptedException {
    List<Point> points = new ArrayList<>();
    double alone = 0;
    double most = 0;
    for (int users = 1; users <= of.mostUsers(); users *= 2) {
      Point point = new Point.Closed(users);
      points.add(point);
      double rate =
          run(point, 1)
              .measure()
              .figures(settings.devices())
              .getOrDefault(LoadFigures.REQUEST_THROUGHPUT, 0.0);
      alone = users == 1 ? rate : alone;
      if (rate < most * GAIN) {
        most = Math.max(most, rate);
        break;
      }
      most = rate;
    }
    if (most == 0) {
      return points; // nothing was answered, which is told
    }
    most /= turns();
    alone /= turns();
    double between = (most - Math.min(alone, most * 0.5)) / of.rates();
    for (int i = of.rates() - 1; i >= 0; i--) {
      points.add(new Point.Open(most - between * i, 1, turns() != 1));
    }
    return points;
  }

  /** Requests of what arrives, on average. */
  private double turns() {
    return scenario.shape() instanceof Shape.MultiTurn turns
        ? (turns.least() + turns.most()) / 2.0
        : 1;
  }

  private Repeat run(Point point, int repeat) throws InterruptedException {
    long seed = seed(repeats.containsKey(point) ? index(point) : repeats.size(), repeat);
    AtomicBoolean told = new AtomicBoolean();
    PointRun.Flight flight =
        new PointRun.Flight(
            (reason, message) -> {
              if (!told.getAndSet(true)) {
                boolean tells = !settings.texts() && !message.isEmpty();
                view.say(
                    "  first failure: %s%s".formatted(reason, tells ? ", " + cut(message) : ""));
              }
            });
    view.begin(
        new LiveView.Going(
            point.label(),
            repeat + "/" + scenario.repeats(),
            point instanceof Point.Replayed(double speed)
                ? trace.getLast().seconds() / speed
                : seconds(scenario.warmup()) + seconds(scenario.extent()),
            requests(scenario.warmup()) + requests(scenario.extent()),
            flight,
            System.nanoTime()));
    Measure measure;
    double pause;
    if (timeline != null) {
      timeline.begin();
    }
    try (Pauses pauses = new Pauses()) {
      Sessions sessions = new Sessions(scenario.shape(), scale, seed, trace);
      measure = new PointRun(target, scenario, point, sessions, trace, seed, flight).run();
      pause = pauses.p99Ms();
    }
    Repeat done =
        new Repeat(
            measure,
            pause,
            timeline == null ? List.of() : timeline.looks(),
            invalid(measure, pause));
    repeats.computeIfAbsent(point, _ -> new ArrayList<>()).add(done);
    view.end(done.figures(settings.devices()), done.invalid());
    return done;
  }

  private @Nullable String invalid(Measure measure, double pause) {
    if (measure.completed() == 0) {
      return "no request came whole";
    }
    String own = measure.clientFailure();
    if (own != null) {
      return "the client failed by itself: " + own;
    }
    if (measure.lagP99Ms() > settings.mostLagMs()) {
      return "the client sent requests late, by %.0f ms at p99 (--most-lag %.0f)"
          .formatted(measure.lagP99Ms(), settings.mostLagMs());
    }
    if (pause > settings.mostLagMs()) {
      return "the client's process was kept from running, for %.0f ms at p99 (--most-lag %.0f)"
          .formatted(pause, settings.mostLagMs());
    }
    return null;
  }

  private int index(Point point) {
    return List.copyOf(repeats.keySet()).indexOf(point);
  }

  /** Every repeat of every point has prompts of its own, or caches would answer for the engine. */
  private long seed(int point, int repeat) {
    long mixed = new SplittableRandom(settings.seed()).nextLong();
    return new SplittableRandom(mixed ^ (1_000_003L * point + repeat)).nextLong();
  }

  private static double seconds(Extent extent) {
    return extent instanceof Extent.Lasting(var time) ? time.toNanos() / 1e9 : 0;
  }

  private int requests(Extent extent) {
    return extent instanceof Extent.Requests(int count)
        ? trace.isEmpty() ? count : Math.min(count, trace.size())
        : 0;
  }

  private static String cut(String message) {
    String line = message.strip().replaceAll("\\s+", " ");
    return line.length() > 300 ? line.substring(0, 300) + " ..." : line;
  }
}
