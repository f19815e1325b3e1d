package dev.outcrop.k8s.policy;

import dev.outcrop.k8s.PodSignals;
import dev.outcrop.k8s.policy.PolicyState.Count;
import dev.outcrop.k8s.policy.PolicyState.Sample;
import dev.outcrop.k8s.policy.WorkloadReading.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * Prompt tokens that arrived since the reading before: what the pods ran since, and by how much
 * more waits. Other than the queue this tells what is needed before too little is there.
 *
 * @param counts what the pods had counted now
 * @param tokens tokens that arrived
 * @param seconds in how many seconds; 0 where there is no reading before
 * @param perSecond how many will arrive in a second when a replica that is asked for now serves, or
 *     a window on where that is sooner: as the trend of the window has it, and at least the mean
 *     over the time that a replica takes to start, or over the half of it where less was read
 */
record Arrivals(Map<String, Count> counts, double tokens, double seconds, double perSecond) {

  /** Kubernetes cuts moments to seconds. */
  private static final Duration WHOLE = Duration.ofSeconds(1);

  static Arrivals between(PolicyState before, Workload now) {
    Instant at = now.reading().at();
    Map<String, Count> counts = new HashMap<>();
    for (Pod pod : now.reading().pods()) { // one that does not serve may come back
      Count count = before.counts().get(pod.name());
      if (count != null) {
        counts.put(pod.name(), count);
      }
    }
    boolean first = before.samples().isEmpty();
    Instant last = first ? at : before.samples().getLast().at();
    double tokens = 0;
    for (Pod.Answering pod : now.serving()) {
      PodSignals signals = pod.signals();
      Count count = new Count(at, signals.pace().promptTokensRun(), signals.waitingPromptTokens());
      Count old = counts.put(pod.name(), count);
      if (old != null) {
        tokens += since(old, count, last);
      } else if (!first && pod.since().plus(WHOLE).isAfter(last)) {
        // It may have run before it was ready this time, but that did not arrive since.
        double most = now.rate() * seconds(Duration.between(pod.since(), at));
        tokens += Math.min((double) count.run(), Math.max(0, most)) + count.queued();
      }
    }
    double seconds = seconds(Duration.between(last, at));
    return new Arrivals(counts, tokens, seconds, expected(before, now, tokens, seconds));
  }

  /** What arrived since the last reading, as the mean since the pod was counted before. */
  private static double since(Count before, Count now, Instant last) {
    boolean restarted = now.run() < before.run();
    double tokens =
        restarted
            ? (double) now.run() + now.queued()
            : (double) (now.run() - before.run()) + (now.queued() - before.queued());
    double between = seconds(Duration.between(before.at(), now.at()));
    return before.at().isBefore(last)
        ? tokens * seconds(Duration.between(last, now.at())) / between
        : tokens;
  }

  private static double expected(PolicyState before, Workload now, double tokens, double seconds) {
    double startup = seconds(now.settings().up().startup());
    double window = seconds(now.settings().down().window());
    Trend recent = Trend.NONE.with(0, tokens, seconds);
    Trend trend = recent;
    for (Sample sample : before.samples()) {
      double age = seconds(Duration.between(sample.at(), now.reading().at()));
      if (age < startup) {
        recent = recent.with(age, sample.arrived(), sample.seconds());
      }
      if (age < window) {
        trend = trend.with(age, sample.arrived(), sample.seconds());
      }
    }
    // Of a shorter time than that a single prompt would seem to be many.
    double length = Math.max(recent.seconds, startup / 2);
    double mean = length == 0 ? 0 : recent.y / length;
    if (trend.seconds < Math.min(startup, window / 2)) {
      return mean; // too short to tell a trend from chance
    }
    // A reading is up to one poll old when the autoscaler asks, which it does as rarely. Nobody
    // can tell from one window what is further off than another.
    return Math.max(mean, trend.in(Math.min(startup, window) + 2 * seconds));
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  /**
   * A straight line through what arrived, by least squares; x is the time, 0 now.
   *
   * @param seconds sum of the samples' lengths, which are their weights
   * @param x weighted sum of the middles of the samples
   * @param xx weighted sum of their squares
   * @param y sum of the tokens
   * @param xy sum of the tokens times the middles
   */
  private record Trend(double seconds, double x, double xx, double y, double xy) {
    static final Trend NONE = new Trend(0, 0, 0, 0, 0);

    Trend with(double age, double tokens, double length) {
      double middle = -age - length / 2;
      return new Trend(
          seconds + length,
          x + length * middle,
          xx + length * middle * middle,
          y + tokens,
          xy + tokens * middle);
    }

    double mean() {
      return seconds == 0 ? 0 : y / seconds;
    }

    double in(double time) {
      double spread = seconds * xx - x * x;
      if (spread <= 0) {
        return mean();
      }
      double slope = (seconds * xy - x * y) / spread;
      return (y - slope * x) / seconds + slope * time;
    }
  }
}
