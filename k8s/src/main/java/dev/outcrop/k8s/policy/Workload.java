package dev.outcrop.k8s.policy;

import dev.outcrop.k8s.PodSignals;
import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.policy.Decision.Unreachable;
import dev.outcrop.k8s.policy.PolicyState.Learned;
import dev.outcrop.k8s.policy.WorkloadReading.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * A reading, looked at: which pods serve, which are coming, and what they have in sum.
 *
 * @param reading the reading
 * @param settings the settings
 * @param learned what is known of the pods' speed, from them or from before
 * @param serving pods that take requests
 * @param stalled signals of pods that answered that they take none
 * @param awaited replicas that are coming and not given up
 * @param pending all replicas that are coming
 * @param missing those of them that have no pod
 * @param silent pods that did not answer
 */
record Workload(
    WorkloadReading reading,
    PolicySettings settings,
    Learned learned,
    List<Pod.Answering> serving,
    List<PodSignals> stalled,
    int awaited,
    int pending,
    int missing,
    int silent) {

  static Workload of(WorkloadReading reading, Learned before, PolicySettings settings) {
    List<Pod.Answering> serving = new ArrayList<>();
    List<PodSignals> stalled = new ArrayList<>();
    Instant patience = reading.at().minus(settings.up().patience());
    int awaited = 0;
    int pending = 0;
    int silent = 0;
    for (Pod pod : reading.pods()) {
      switch (pod) {
        case Pod.Answering answering -> {
          if (answering.signals().ready() && answering.signals().modelUp()) {
            serving.add(answering);
          } else {
            stalled.add(answering.signals());
          }
        }
        case Pod.Pending coming -> {
          pending++;
          awaited += coming.since().isBefore(patience) ? 0 : 1;
        }
        case Pod.Silent _ -> silent++;
      }
    }
    int missing = Math.max(0, reading.replicas() - reading.pods().size());
    // One that answers that it takes no requests will, or is replaced.
    int back = stalled.size() + missing;
    return new Workload(
        reading,
        settings,
        new Learned(
            learned(
                serving, PodSignals.Pace::prefillTokensPerSecond, before.prefillTokensPerSecond()),
            learned(serving, PodSignals.Pace::knee, before.knee())),
        serving,
        stalled,
        awaited + back,
        pending + back,
        missing,
        silent);
  }

  /** The mean over the pods that know, or what was known before. */
  private static double learned(
      List<Pod.Answering> pods, ToDoubleFunction<PodSignals.Pace> figure, double before) {
    return pods.stream()
        .map(pod -> pod.signals().pace())
        .mapToDouble(figure)
        .filter(value -> value > 0)
        .average()
        .orElse(before);
  }

  /** Pods that take requests as far as Kubernetes knows. */
  int up() {
    return serving.size() + silent;
  }

  /** Whether too few pods answered for their sums to mean anything. */
  boolean stale() {
    int asked = serving.size() + stalled.size() + silent;
    return silent > settings.silentShare() * asked || (silent > 0 && silent == asked);
  }

  /** Whether any request is in, or might be in a pod that is silent. */
  boolean busy() {
    return silent > 0
        || stalled.stream().anyMatch(Workload::has)
        || serving.stream().anyMatch(pod -> has(pod.signals()));
  }

  private static boolean has(PodSignals pod) {
    return requests(pod) > 0;
  }

  private static int requests(PodSignals pod) {
    return pod.running() + pod.waiting();
  }

  /** Prompt tokens that a replica runs in a second; 0 where not known. */
  double rate() {
    double set = settings.targets().prefillTokensPerSecond();
    return set > 0 ? set : learned.prefillTokensPerSecond();
  }

  /** Whether prompts wait and how fast they run is not known. */
  boolean rateIsUnknown() {
    return rate() == 0 && sum(PodSignals::waitingPromptTokens) > 0;
  }

  /**
   * What each figure asks for.
   *
   * @param arriving prompt tokens that arrive in a second
   * @param more how many pods serve that did not while a replica could start
   * @param corrects whether missed targets add to it
   */
  Needs needs(double arriving, int more, boolean corrects) {
    PolicySettings.Targets targets = settings.targets();
    double rate = rate();
    double knee = targets.knee() > 0 ? targets.knee() : learned.knee();
    return new Needs(
        rate == 0 ? 0 : queue(rate, more),
        rate == 0 ? 0 : Math.max(0, arriving) / (rate * targets.prefillUse()),
        sum(PodSignals::kvUse) / targets.kvUse(),
        knee == 0 ? 0 : sum(PodSignals::running) / knee,
        corrects ? 1 + settings.correction().share() : 1);
  }

  /**
   * Replicas that run what waits within the budget. A request runs on one, so a pod's queue asks
   * for no more than it has prompts: a prompt that takes longer than the budget alone is not scaled
   * for. Left out is what those replicas will take that are coming or came not long ago: what piled
   * up while one started is its own to run, not a reason for yet another. One that only takes
   * another's place takes nothing.
   */
  private double queue(double rate, int more) {
    double budget = seconds(settings.targets().firstToken());
    double startup = seconds(settings.up().startup());
    double replicas = 0;
    List<Double> young = new ArrayList<>();
    for (Pod.Answering pod : serving) {
      PodSignals signals = pod.signals();
      double age = seconds(Duration.between(pod.since(), reading.at()));
      young.add(Math.max(0, startup - Math.max(0, age)));
      replicas += Math.min(signals.waitingPromptTokens() / rate / budget, signals.waitingPrompts());
    }
    int coming = Math.min(awaited, Math.max(0, reading.replicas() - up()));
    double theirs = coming * startup;
    theirs +=
        young.stream()
            .sorted(Comparator.reverseOrder())
            .limit(more)
            .mapToDouble(Double::doubleValue)
            .sum();
    return Math.max(0, replicas - theirs / budget);
  }

  /** Set where a prompt alone takes longer than the budget. */
  Optional<Unreachable> unreachable() {
    double rate = rate();
    Duration budget = settings.targets().firstToken();
    double takes = rate == 0 ? 0 : longestPrompt() / rate;
    return takes < seconds(budget)
        ? Optional.empty()
        : Optional.of(
            new Unreachable(
                Math.round(longestPrompt()), Duration.ofMillis(Math.round(takes * 1e3)), budget));
  }

  /** As is set, or as long as a prompt must at least be among those that a pod has. */
  private double longestPrompt() {
    double longest = settings.targets().longestPrompt();
    for (Pod.Answering pod : serving) {
      int prompts = pod.signals().waitingPrompts();
      if (prompts > 0) {
        longest = Math.max(longest, (double) pod.signals().waitingPromptTokens() / prompts);
      }
    }
    return longest;
  }

  /** How badly targets are missed, as a mean over the pods. */
  double burn() {
    return serving.stream()
        .map(pod -> pod.signals().burn())
        .mapToDouble(burn -> Math.max(burn.firstToken(), burn.tokenInterval()))
        .average()
        .orElse(0);
  }

  /** Whether what was missed was missed with the replicas that serve now. */
  boolean settled() {
    Instant young = reading.at().minus(settings.down().window());
    return awaited == 0 && serving.stream().noneMatch(pod -> pod.since().isAfter(young));
  }

  Scaling.Totals totals() {
    return new Scaling.Totals(
        serving.size(),
        pending,
        silent,
        Math.round(sum(PodSignals::waitingPromptTokens)),
        (int) Math.round(sum(PodSignals::waiting)),
        (int) Math.round(sum(PodSignals::running)),
        sum(PodSignals::kvUse),
        sum(signals -> signals.pace().prefillTokensPerSecond()));
  }

  private double sum(ToDoubleFunction<PodSignals> figure) {
    return serving.stream().map(Pod.Answering::signals).mapToDouble(figure).sum();
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
