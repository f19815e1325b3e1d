package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table and the entries of a result. */
class StandingsTest {
  private static final Case DECODE = new Case.Decode(16, 128, 4);
  private static final Case PREFILL = new Case.Prefill(512, 2);

  @Test
  void drawsATable() {
    Outcome ours = outcome(DECODE, "ours", 20, 16, 24);
    Outcome llama = new Outcome("llama-bf16", DECODE);
    llama.add(60, Reply.NO_TOKEN, Map.of("unifiedKv", "off"));
    Outcome plain = outcome(DECODE, "transformers", 50);
    Outcome jlama = new Outcome("jlama", DECODE);
    jlama.absent("computes one sequence at a time");
    Outcome gone = new Outcome("llama-q4_0", DECODE);
    Standings standings =
        new Standings(
            List.of(ours, llama, gone, jlama, plain), Map.of("llama-q4_0", "gcc is not installed"));

    assertThat(String.join("\n", standings.lines()))
        .isEqualTo(
            """
            case       contestant       ms  tok/s  ours is  rounds (ms)        note
            decode 16  ours          20.00  800.0        -  20.00 16.00 24.00
            decode 16  llama-bf16    60.00  266.7    3.00x  60.00              unifiedKv off; presumed misconfigured: slower than transformers
            decode 16  llama-q4_0        -      -        -  -                  missing, see below
            decode 16  jlama             -      -        -  -                  none: computes one sequence at a time
            decode 16  transformers  50.00  320.0    2.50x  50.00
            llama-q4_0 is missing: gcc is not installed\
            """);
  }

  @Test
  void suspectsNeitherOursNorTransformers() {
    Standings standings =
        new Standings(
            List.of(outcome(DECODE, "ours", 90), outcome(DECODE, "transformers", 50)), Map.of());

    assertThat(standings.results()).extracting(result -> result.get("note")).containsOnly("");
  }

  @Test
  void saysWhoComputesSomethingElse() {
    Outcome ours = new Outcome("ours", PREFILL);
    ours.add(100, 7, Map.of());
    Outcome same = new Outcome("llama-bf16", PREFILL);
    same.add(100, 7, Map.of());
    Outcome other = new Outcome("llama-q4_0", PREFILL);
    other.add(100, 8, Map.of());
    other.absent("no answer in 5 s");

    assertThat(new Standings(List.of(ours, same, other), Map.of()).results())
        .extracting(result -> result.get("note"))
        .containsExactly("", "", "another next token than ours, ended early: no answer in 5 s");
  }

  @Test
  void comparesWeightsOfAsManyBits() {
    Standings standings =
        new Standings(
            List.of(
                outcome(DECODE, "ours", 40),
                outcome(DECODE, "ours-int8", 30),
                outcome(DECODE, "ours-int4", 20),
                outcome(DECODE, "llama-bf16", 60),
                outcome(DECODE, "llama-q8_0", 60),
                outcome(DECODE, "llama-q4_0", 60)),
            Map.of());

    assertThat(standings.results())
        .extracting(result -> result.get("oursOver"))
        .containsExactly(null, 0.75, 0.5, 1.5, 2.0, 3.0);
  }

  @Test
  void keepsTheFiguresOfEachMeasuredCase() {
    List<Map<String, Object>> results =
        new Standings(
                List.of(
                    outcome(PREFILL, "ours", 100, 110, 90),
                    new Outcome("jlama", PREFILL),
                    outcome(PREFILL, "transformers", 250)),
                Map.of())
            .results();

    assertThat(results).hasSize(2);
    Map<String, Object> ours = new LinkedHashMap<>();
    ours.put("case", "prefill 512");
    ours.put("contestant", "ours");
    ours.put("ms", 100.0);
    ours.put("tokensPerSecond", 5_120.0);
    ours.put("fastestMs", 90.0);
    ours.put("slowestMs", 110.0);
    ours.put("rounds", 3);
    ours.put("settings", "");
    ours.put("note", "");
    assertThat(results.getFirst()).isEqualTo(ours);
    assertThat(results.getLast()).containsEntry("oursOver", 2.5);
  }

  private static Outcome outcome(Case what, String name, double... rounds) {
    Outcome outcome = new Outcome(name, what);
    for (double millis : rounds) {
      outcome.add(millis, Reply.NO_TOKEN, Map.of());
    }
    return outcome;
  }
}
