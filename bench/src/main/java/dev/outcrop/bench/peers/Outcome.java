package dev.outcrop.bench.peers;

import dev.outcrop.bench.report.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What came of a case in all rounds of one contestant. */
final class Outcome {
  private final String contestant;
  private final Case what;
  private final List<Double> rounds = new ArrayList<>();
  private final Map<String, String> chosen = new LinkedHashMap<>();
  private int token = Reply.NO_TOKEN;
  private String absence = "";

  Outcome(String contestant, Case what) {
    this.contestant = contestant;
    this.what = what;
  }

  /** Adds a round. */
  void add(double millis, int nextToken, Map<String, String> settings) {
    rounds.add(millis);
    token = nextToken;
    chosen.putAll(settings);
  }

  /** Says why there is no more of it; returns the reason. */
  String absent(String reason) {
    absence = reason;
    return reason;
  }

  String contestant() {
    return contestant;
  }

  Case what() {
    return what;
  }

  /** Why it is not measured, or no further; empty where nothing is wrong. */
  String absence() {
    return absence;
  }

  /** Whether there is at least one round. */
  boolean measured() {
    return !rounds.isEmpty();
  }

  /** The median of the rounds' medians. */
  double millis() {
    return Run.median(rounds());
  }

  /** Tokens per second of all streams together. */
  double tokensPerSecond() {
    return what.tokens() * 1_000 / millis();
  }

  /** The medians of the rounds, in their order. */
  double[] rounds() {
    return rounds.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** The likeliest token after the prompt. */
  int token() {
    return token;
  }

  /** What the contestant chose for this case. */
  Map<String, String> chosen() {
    return chosen;
  }
}
