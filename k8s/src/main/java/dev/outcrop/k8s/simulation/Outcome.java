package dev.outcrop.k8s.simulation;

import java.util.List;

/**
 * What became of a trace. Times are seconds from a request's arrival to its first token.
 *
 * @param p50 the median
 * @param p95 the time that one in twenty requests took longer than
 * @param p99 the time that one in a hundred took longer than
 * @param p95Short p95 of the requests with prompts below 10,000 tokens
 * @param podHours hours of replicas, from their creation to their end
 * @param mostReplicas the most that there were
 */
public record Outcome(
    double p50, double p95, double p99, double p95Short, double podHours, int mostReplicas) {
  private static final int SHORT = 10_000;

  /** A request that got its first token. */
  record Answer(Trace.Request request, double seconds) {}

  static Outcome of(List<Answer> answers, double podHours, int mostReplicas) {
    double[] all = answers.stream().mapToDouble(Answer::seconds).sorted().toArray();
    double[] ofShort =
        answers.stream()
            .filter(answer -> answer.request.promptTokens() < SHORT)
            .mapToDouble(Answer::seconds)
            .sorted()
            .toArray();
    return new Outcome(
        at(all, 0.5), at(all, 0.95), at(all, 0.99), at(ofShort, 0.95), podHours, mostReplicas);
  }

  private static double at(double[] sorted, double share) {
    return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(share * sorted.length) - 1];
  }
}
