package dev.outcrop.k8s.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * A workload that serves a trace while something scales it: a discrete-event simulation without
 * chance. A replica that leaves is one that has not started yet, or the one with the fewest
 * requests, and finishes what it has.
 */
final class Simulation {
  private static final double POLL = 15;

  /** The autoscaler asks at another moment than the pods are read. */
  private static final double LAG = 7;

  private final Scenario scenario;
  private final Trace trace;
  private final Scaler scaler;
  private final Autoscaler autoscaler;
  private final List<Replica> pods = new ArrayList<>();
  private final List<Outcome.Answer> answers = new ArrayList<>();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingDouble(Event::at).thenComparingLong(Event::sequence));
  private long sequence;
  private int created;
  private int replicas;
  private int mostReplicas;
  private int next;
  private double metric;
  private double podSeconds;
  private double podsSince;

  private record Event(double at, long sequence, What what, @Nullable Replica replica) {}

  private enum What {
    ARRIVAL,
    STEP_END,
    POLL,
    SYNC
  }

  private Simulation(Scenario scenario, Trace trace, Scaler scaler) {
    this.scenario = scenario;
    this.trace = trace;
    this.scaler = scaler;
    this.autoscaler = new Autoscaler(scenario.min(), scenario.max(), scaler.stabilization());
  }

  /** Runs a trace to its end. */
  static Outcome run(Scenario scenario, Trace trace, Scaler scaler) {
    return new Simulation(scenario, trace, scaler).run();
  }

  private Outcome run() {
    for (int i = 0; i < scenario.min(); i++) {
      create(0, 0);
    }
    replicas = scenario.min();
    metric = replicas;
    double end = trace.requests().getLast().arrival();
    push(trace.requests().getFirst().arrival(), What.ARRIVAL, null);
    push(0, What.POLL, null);
    push(LAG, What.SYNC, null);
    while (answers.size() < trace.requests().size()) {
      Event event = events.remove();
      account(Math.min(event.at, end));
      handle(event);
    }
    return Outcome.of(answers, podSeconds / 3_600, mostReplicas);
  }

  private void handle(Event event) {
    double now = event.at;
    switch (event.what) {
      case ARRIVAL -> arrive(now);
      case STEP_END -> {
        Replica replica = Objects.requireNonNull(event.replica);
        replica.end(now);
        proceed(replica, now);
      }
      case POLL -> {
        metric = scaler.poll(now, replicas, staying());
        push(now + POLL, What.POLL, null);
      }
      case SYNC -> {
        scale(autoscaler.sync(now, replicas, metric), now);
        push(now + Autoscaler.SYNC, What.SYNC, null);
      }
    }
  }

  private void arrive(double now) {
    Replica chosen = chosen(now);
    chosen.add(trace.requests().get(next++));
    if (!chosen.stepping()) {
      push(chosen.begin(now), What.STEP_END, chosen);
    }
    if (next < trace.requests().size()) {
      push(trace.requests().get(next).arrival(), What.ARRIVAL, null);
    }
  }

  private Replica chosen(double now) {
    List<Replica> taking = pods.stream().filter(pod -> pod.takes(now)).toList();
    return switch (scenario.balancer()) {
      case LEAST_OUTSTANDING ->
          taking.stream().min(Comparator.comparingInt(Replica::outstanding)).orElseThrow();
      case ROUND_ROBIN -> taking.get(next % taking.size());
    };
  }

  private void proceed(Replica replica, double now) {
    if (replica.outstanding() > 0) {
      push(replica.begin(now), What.STEP_END, replica);
    } else if (replica.leaving()) {
      pods.remove(replica);
    }
  }

  private List<Replica> staying() {
    return pods.stream().filter(pod -> !pod.leaving()).toList();
  }

  private void scale(int wanted, double now) {
    for (; replicas < wanted; replicas++) {
      create(now, now + scenario.coldStart());
    }
    for (; replicas > wanted; replicas--) {
      Replica victim =
          staying().stream()
              .min(
                  Comparator.<Replica, Boolean>comparing(pod -> pod.ready(now))
                      .thenComparingInt(Replica::outstanding)
                      .thenComparing(Comparator.comparingDouble(Replica::created).reversed()))
              .orElseThrow();
      victim.leave();
      if (!victim.stepping()) {
        pods.remove(victim);
      }
    }
    mostReplicas = Math.max(mostReplicas, replicas);
  }

  private void create(double now, double readyAt) {
    pods.add(
        new Replica(
            "pod-" + created++,
            scenario.device(),
            now,
            readyAt,
            new Slo(scenario.firstToken()),
            answers::add));
  }

  private void account(double now) {
    podSeconds += pods.size() * Math.max(0, now - podsSince);
    podsSince = Math.max(podsSince, now);
  }

  private void push(double at, What what, @Nullable Replica replica) {
    events.add(new Event(at, sequence++, what, replica));
  }
}
