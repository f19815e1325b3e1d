package dev.outcrop.k8s.policy;

import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.policy.Decision.Hold;
import dev.outcrop.k8s.policy.Decision.Reason;
import dev.outcrop.k8s.policy.PolicyState.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * Concludes from readings of one workload's pods how many replicas it should have. A pure state
 * machine: what it returns depends on its arguments only, so that every replica of signals that
 * reads the same pods concludes the same.
 *
 * <p>More replicas are asked for at once, in bounded steps. Fewer are asked for one by one, after a
 * window in which as few were always enough, and never while a pod is silent or coming.
 */
public final class ReplicaPolicy {
  private static final Duration LEAST_GAP = Duration.ofMinutes(1);

  /** What products of floating point numbers may be off by. */
  private static final double EPSILON = 1e-9;

  private final PolicySettings settings;

  /** Creates a policy for one workload. */
  public ReplicaPolicy(PolicySettings settings) {
    this.settings = settings;
  }

  /**
   * What a reading leads to.
   *
   * @param state what to remember for the next one
   * @param decision the conclusion
   */
  public record Step(PolicyState state, Decision decision) {}

  /** Takes the next reading. */
  public Step step(PolicyState before, WorkloadReading reading) {
    PolicyState state = continued(before, reading.at());
    Workload now = Workload.of(reading, state.learned(), settings);
    Arrivals arrivals = Arrivals.between(state, now);
    int burning = now.burn() > 1 ? state.burning() + 1 : 0;
    // New replicas must show first what they do; what was added for the targets stays with them.
    boolean corrects =
        burning >= settings.correction().polls() && (state.corrects() || now.settled());
    Needs needs = now.needs(arrivals.perSecond(), more(now, state), corrects);
    boolean busy = now.busy();
    int needed = Math.max(needs.replicas(), busy ? 1 : 0);
    // What is not known counts as much as there is, so that nothing is removed because of it later.
    boolean uncertain = now.silent() > 0 || now.rateIsUnknown();
    int kept = now.stale() ? reading.replicas() : needed;
    Sample sample =
        new Sample(
            reading.at(),
            uncertain ? Math.max(kept, reading.replicas()) : kept,
            reading.replicas(),
            now.missing(),
            now.up(),
            arrivals.tokens(),
            arrivals.seconds());
    List<Sample> samples = remembered(state.samples(), sample);
    PolicyState after =
        new PolicyState(
            Optional.of(state.since().orElse(reading.at())),
            samples,
            arrivals.counts(),
            now.learned(),
            burning,
            corrects);
    Choice choice = choose(now, needs, needed, after);
    Scaling scaling =
        new Scaling(
            reading.model(),
            reading.at(),
            choice.replicas,
            choice.replicas > 0 || busy,
            now.totals());
    return new Step(after, new Decision(scaling, choice.reason, needs, now.unreachable()));
  }

  /** How many pods serve that did not within the time that one takes to start; all if not known. */
  private int more(Workload now, PolicyState state) {
    Instant at = now.reading().at();
    Duration startup = settings.up().startup();
    if (state.since().orElse(at).plus(startup).isAfter(at)) {
      return now.up();
    }
    int least = now.up();
    for (Sample sample : within(state, at, startup)) {
      least = Math.min(least, sample.up());
    }
    return now.up() - least;
  }

  private record Choice(int replicas, Reason reason) {}

  private Choice choose(Workload now, Needs needs, int needed, PolicyState state) {
    int replicas = now.reading().replicas();
    Choice free;
    if (now.stale()) {
      free = new Choice(replicas, new Reason.Held(Hold.STALE, needed));
    } else if (now.rateIsUnknown() && needed <= replicas) {
      free = new Choice(replicas, new Reason.Held(Hold.UNKNOWN_RATE, needed));
    } else if (needed > replicas) {
      free = up(now, needs, needed, state);
    } else {
      free = down(now, needs, needed, state);
    }
    int least = now.busy() ? Math.max(1, settings.min()) : settings.min();
    int bounded = Math.clamp(free.replicas, least, settings.max());
    return bounded == free.replicas
        ? free
        : new Choice(bounded, new Reason.Held(Hold.BOUNDS, needed));
  }

  private Choice up(Workload now, Needs needs, int needed, PolicyState state) {
    PolicySettings.Up up = settings.up();
    int base = now.reading().replicas();
    for (Sample sample : within(state, now.reading().at(), up.interval())) {
      base = Math.min(base, sample.replicas());
    }
    double most = Math.max(base * up.factor(), (double) base + up.replicas());
    int step = Math.max((int) Math.min(most, needed), now.reading().replicas());
    if (step > now.reading().replicas()) {
      step = Math.max(step, leastMore(now.reading().replicas()));
    }
    return new Choice(
        step,
        step < needed ? new Reason.Held(Hold.STEP, needed) : new Reason.Needed(needs.figure()));
  }

  private Choice down(Workload now, Needs needs, int needed, PolicyState state) {
    int replicas = now.reading().replicas();
    if (needed == replicas) {
      return new Choice(replicas, new Reason.Needed(needs.figure()));
    }
    Instant at = now.reading().at();
    PolicySettings.Down down = settings.down();
    if (now.silent() > 0) {
      return new Choice(replicas, new Reason.Held(Hold.SILENT, needed));
    }
    if (now.awaited() > 0 && !givenUp(now, state)) {
      return new Choice(replicas, new Reason.Held(Hold.PENDING, needed));
    }
    if (state.since().orElse(at).plus(down.window()).isAfter(at)) {
      return new Choice(replicas, new Reason.Held(Hold.NO_HISTORY, needed));
    }
    int enough = most(within(state, at, down.window()), Sample::needed);
    if (enough >= replicas) {
      return new Choice(replicas, new Reason.Held(Hold.WINDOW, needed));
    }
    int step = most(within(state, at, down.interval()), Sample::replicas) - down.replicas();
    if (step < replicas) {
      step = Math.min(step, mostFewer(replicas));
    }
    int fewer = Math.min(replicas, Math.max(enough, step));
    if (fewer > mostFewer(replicas)) {
      fewer = replicas;
    }
    if (fewer == needed) {
      return new Choice(fewer, new Reason.Needed(needs.figure()));
    }
    return new Choice(
        fewer,
        new Reason.Held(fewer == enough && fewer < replicas ? Hold.WINDOW : Hold.STEP, needed));
  }

  /** The smallest step up that an autoscaler does not take for no change. */
  private int leastMore(int replicas) {
    return (int) Math.floor(replicas * (1 + settings.tolerance()) + EPSILON) + 1;
  }

  /** The smallest step down that an autoscaler does not take for no change. */
  private int mostFewer(int replicas) {
    return (int) Math.ceil(replicas * (1 - settings.tolerance()) - EPSILON) - 1;
  }

  /** Whether all that is awaited are replicas that Kubernetes makes no pods for. */
  private boolean givenUp(Workload now, PolicyState state) {
    Instant at = now.reading().at();
    return now.awaited() == now.missing()
        && !state.since().orElse(at).plus(settings.down().window()).isAfter(at)
        && within(state, at, settings.down().window()).stream().allMatch(s -> s.missing() > 0);
  }

  /** Forgets what was read before a gap: what was needed meanwhile is not known. */
  private PolicyState continued(PolicyState state, Instant at) {
    if (state.samples().isEmpty()) {
      return state;
    }
    Instant last = state.samples().getLast().at();
    Duration half = settings.down().window().dividedBy(2);
    Duration gap = half.compareTo(LEAST_GAP) > 0 ? half : LEAST_GAP;
    return !at.isBefore(last) && !last.plus(gap).isBefore(at)
        ? state
        : new PolicyState(Optional.empty(), List.of(), Map.of(), state.learned(), 0, false);
  }

  private List<Sample> remembered(List<Sample> samples, Sample sample) {
    Duration longest = settings.down().window();
    for (Duration other :
        List.of(settings.down().interval(), settings.up().interval(), settings.up().startup())) {
      longest = longest.compareTo(other) > 0 ? longest : other;
    }
    Instant oldest = sample.at().minus(longest);
    List<Sample> kept = new ArrayList<>();
    samples.stream().filter(each -> !each.at().isBefore(oldest)).forEach(kept::add);
    kept.add(sample);
    return kept;
  }

  private static List<Sample> within(PolicyState state, Instant at, Duration length) {
    Instant oldest = at.minus(length);
    return state.samples().stream().filter(each -> !each.at().isBefore(oldest)).toList();
  }

  private static int most(List<Sample> samples, ToIntFunction<Sample> figure) {
    return samples.stream().mapToInt(figure).max().orElse(0);
  }
}
