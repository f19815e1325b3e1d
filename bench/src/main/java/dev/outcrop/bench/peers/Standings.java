package dev.outcrop.bench.peers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Who is how fast, as a table to read and as the entries of a result.
 *
 * @param outcomes of all contestants, case by case
 * @param missing why contestants are not there, by name
 */
record Standings(List<Outcome> outcomes, Map<String, String> missing) {
  /** The name of this engine among the contestants. */
  static final String OURS = "ours";

  /** The same with weights of 8 bits. */
  static final String OURS_INT8 = "ours-int8";

  /** With weights of 4 bits in groups of 32, as Q4_0 has them. */
  static final String OURS_INT4 = "ours-int4";

  /** Who computes plainly; whoever is slower is set up badly until somebody explains it. */
  static final String PLAIN = "transformers";

  private static final String SUSPECT = "presumed misconfigured";

  /** One entry per case and contestant that was measured. */
  List<Map<String, Object>> results() {
    List<Map<String, Object>> results = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      if (!outcome.measured()) {
        continue;
      }
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("case", outcome.what().name());
      result.put("contestant", outcome.contestant());
      result.put("ms", outcome.millis());
      result.put("tokensPerSecond", outcome.tokensPerSecond());
      double[] rounds = outcome.rounds();
      result.put("fastestMs", Arrays.stream(rounds).min().orElseThrow());
      result.put("slowestMs", Arrays.stream(rounds).max().orElseThrow());
      result.put("rounds", rounds.length);
      oursOver(outcome).ifPresent(ratio -> result.put("oursOver", ratio));
      if (outcome.token() >= 0) {
        result.put("nextToken", outcome.token());
      }
      result.put("settings", settings(outcome));
      result.put("note", note(outcome));
      results.add(result);
    }
    return results;
  }

  /** The table, a line each. */
  List<String> lines() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("case", "contestant", "ms", "tok/s", "ours is", "rounds (ms)", "note"));
    for (Outcome outcome : outcomes) {
      String name = outcome.contestant();
      if (!outcome.measured()) {
        String reason =
            missing.containsKey(name) ? "missing, see below" : "none: " + outcome.absence();
        rows.add(List.of(outcome.what().name(), name, "-", "-", "-", "-", reason));
        continue;
      }
      String rounds =
          Arrays.stream(outcome.rounds())
              .mapToObj(millis -> text("%.2f", millis))
              .collect(Collectors.joining(" "));
      rows.add(
          List.of(
              outcome.what().name(),
              name,
              text("%.2f", outcome.millis()),
              text("%.1f", outcome.tokensPerSecond()),
              oursOver(outcome).map(ratio -> text("%.2fx", ratio)).orElse("-"),
              rounds,
              Arrays.asList(settings(outcome), note(outcome)).stream()
                  .filter(part -> !part.isEmpty())
                  .collect(Collectors.joining("; "))));
    }
    List<String> lines = new ArrayList<>(aligned(rows));
    missing.forEach((name, reason) -> lines.add(name + " is missing: " + reason));
    return Collections.unmodifiableList(lines);
  }

  /** How many times as fast ours is, with weights of as many bits where that was measured. */
  private Optional<Double> oursOver(Outcome outcome) {
    return outcome.contestant().equals(OURS)
        ? Optional.empty()
        : ours(outcome).map(ours -> outcome.millis() / ours.millis());
  }

  private Optional<Outcome> ours(Outcome outcome) {
    String counterpart =
        switch (outcome.contestant()) {
          case "llama-q8_0" -> OURS_INT8;
          case "llama-q4_0" -> OURS_INT4;
          default -> OURS;
        };
    return of(counterpart, outcome.what()).or(() -> of(OURS, outcome.what()));
  }

  private String note(Outcome outcome) {
    List<String> notes = new ArrayList<>();
    Optional<Outcome> plain = of(PLAIN, outcome.what());
    if (!outcome.contestant().equals(PLAIN)
        && !OwnEngine.WEIGHTS.containsKey(outcome.contestant())
        && plain.isPresent()
        && outcome.millis() > plain.get().millis()) {
      notes.add(SUSPECT + ": slower than " + PLAIN);
    }
    Optional<Outcome> ours = ours(outcome);
    if (outcome.token() >= 0 && ours.isPresent() && ours.get().token() != outcome.token()) {
      notes.add("another next token than ours");
    }
    if (!outcome.absence().isEmpty()) {
      notes.add("ended early: " + outcome.absence());
    }
    return String.join(", ", notes);
  }

  private Optional<Outcome> of(String contestant, Case what) {
    return outcomes.stream()
        .filter(other -> other.contestant().equals(contestant) && other.what().equals(what))
        .filter(Outcome::measured)
        .findFirst();
  }

  private static String settings(Outcome outcome) {
    return outcome.chosen().entrySet().stream()
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  private static List<String> aligned(List<List<String>> rows) {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String gap = " ".repeat(widths[i] - row.get(i).length());
        boolean number = i >= 2 && i <= 4;
        line.append(number ? gap + row.get(i) : row.get(i) + gap).append("  ");
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  private static String text(String format, double number) {
    return String.format(Locale.ROOT, format, number);
  }
}
