package dev.outcrop.k8s.simulation;

import java.util.ArrayDeque;
import java.util.Deque;

/** How many of a replica's last requests missed the budget for a first token. */
final class Slo {
  private static final double WINDOW = 300;
  private static final double MAY_MISS = 0.01;

  private final double budget;
  private final Deque<Answer> answers = new ArrayDeque<>();
  private int missed;

  Slo(double budget) {
    this.budget = budget;
  }

  private record Answer(double at, boolean missed) {}

  void count(double at, double ttft) {
    answers.add(new Answer(at, ttft > budget));
    missed += ttft > budget ? 1 : 0;
  }

  double burn(double now) {
    while (!answers.isEmpty() && answers.getFirst().at < now - WINDOW) {
      missed -= answers.removeFirst().missed ? 1 : 0;
    }
    return answers.isEmpty() ? 0 : (double) missed / answers.size() / MAY_MISS;
  }
}
