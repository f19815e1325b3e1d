package dev.outcrop.k8s.policy;

import dev.outcrop.k8s.PodSignals;
import dev.outcrop.k8s.policy.WorkloadReading.Pod;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Readings written as text: pods with commas between them, each with a count, a kind (ready,
 * stalled, pending, silent) and its figures, such as {@code 2 ready queue=8000 waiting=4}.
 */
final class Readings {
  static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final double OLD = 86_400;

  private Readings() {}

  static WorkloadReading at(double seconds, int replicas, String pods) {
    List<Pod> read = new ArrayList<>();
    Instant at = START.plusNanos(Math.round(seconds * 1e9));
    if (!pods.isBlank()) {
      for (String group : pods.strip().split("\\s*,\\s*", -1)) {
        String[] words = group.split("\\s+", -1);
        for (int i = 0; i < Integer.parseInt(words[0]); i++) {
          read.add(pod("pod-" + read.size(), at, words));
        }
      }
    }
    return new WorkloadReading("model", at, replicas, read);
  }

  private static Pod pod(String name, Instant at, String[] words) {
    Map<String, Double> figures = new HashMap<>();
    for (int i = 2; i < words.length; i++) {
      String[] pair = words[i].split("=", 2);
      figures.put(pair[0], Double.valueOf(pair[1]));
    }
    Instant since = at.minusSeconds(Math.round(figures.getOrDefault("age", OLD)));
    return switch (words[1]) {
      case "ready" -> new Pod.Answering(name, since, signals(true, figures));
      case "stalled" -> new Pod.Answering(name, since, signals(false, figures));
      case "pending" -> new Pod.Pending(name, since);
      case "silent" -> new Pod.Silent(name);
      default -> throw new IllegalArgumentException(words[1]);
    };
  }

  private static PodSignals signals(boolean ready, Map<String, Double> figures) {
    int running = figures.getOrDefault("running", 0.0).intValue();
    int waiting = figures.getOrDefault("waiting", 0.0).intValue();
    double prompts = figures.getOrDefault("prompts", waiting + Math.min(1.0, running));
    return new PodSignals(
        ready,
        true,
        running,
        waiting,
        (int) prompts,
        figures.getOrDefault("queue", 0.0).longValue(),
        figures.getOrDefault("kv", 0.0),
        new PodSignals.Pace(
            figures.getOrDefault("rate", 1_000.0),
            figures.getOrDefault("knee", 0.0),
            0,
            figures.getOrDefault("run", 0.0).longValue()),
        new PodSignals.Burn(
            figures.getOrDefault("burn", 0.0), figures.getOrDefault("interval-burn", 0.0)));
  }
}
