package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.bench.peers.Trials.Candidate;
import dev.outcrop.bench.peers.Trials.Found;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of several ways to start a peer is taken for which case. */
class TrialsTest {
  private static final Case ONE = new Case.Decode(1, 8, 60);
  private static final Case MANY = new Case.Decode(16, 4_096, 60);
  private static final Case PROMPT = new Case.Prefill(8, 5);

  @TempDir private Path folder;

  private final List<String> told = new ArrayList<>();

  @Test
  void takesForEachCaseWhatIsFastestThere() throws Exception {
    Found found =
        fastest(
            new Peer("wide", 9, 40, 10).candidate(),
            new Peer("narrow", 5, 90, 30).candidate(),
            answering("broken", "{\"error\":\"illegal instruction\"}"));

    assertThat(found.of(ONE).candidate().name()).isEqualTo("narrow");
    assertThat(found.of(MANY).candidate().name()).isEqualTo("wide");
    assertThat(found.of(PROMPT).candidate().name()).isEqualTo("wide");
    assertThat(found.of(ONE).settings()).containsEntry("backend", "narrow");
    assertThat(found.trials()).isEqualTo("3 of each of 3 cases, 0 longer ones");
    assertThat(told)
        .containsExactly(
            "tried llama with wide: decode 1 9.00 ms, decode 16 40.00 ms, prefill 8 10.00 ms",
            "tried llama with narrow: decode 1 5.00 ms, decode 16 90.00 ms, prefill 8 30.00 ms",
            "tried llama with broken: illegal instruction");
  }

  @Test
  void triesThoseAgainThatComeNearTheBestOfACaseAndAtMostThree() throws Exception {
    Found found =
        fastest(
            new Peer("a", 10, 10, 10).longer(9).candidate(),
            new Peer("b", 12, 90, 10.1).longer(4).candidate(),
            new Peer("c", 13, 90, 10.2).longer(7).candidate(),
            new Peer("d", 14, 90, 10.3).longer(1).candidate());

    // One: b came near and won. Many: a was far ahead. Prompt: the fourth one is left out.
    assertThat(found.of(ONE).candidate().name()).isEqualTo("b");
    assertThat(found.of(MANY).candidate().name()).isEqualTo("a");
    assertThat(found.of(PROMPT).candidate().name()).isEqualTo("b");
    assertThat(found.trials()).isEqualTo("4 of each of 3 cases, 5 longer ones");
    assertThat(told.subList(4, told.size()))
        .containsExactly(
            "tried llama with a for longer: decode 1 9.00 ms, prefill 8 9.00 ms",
            "tried llama with b for longer: decode 1 4.00 ms, prefill 8 4.00 ms",
            "tried llama with c for longer: prefill 8 7.00 ms");
  }

  @Test
  void asksForShortTrialsAndCountsTheLeastTime() throws Exception {
    // Answers its request's last number and a longer time.
    String script =
        "{\\\"millis\\\":[${line##* },900],\\\"settings\\\":{\\\"asked\\\":\\\"$line\\\"}}";
    Found found = fastest(scripted("echoing", "echo \"" + script + "\""));

    assertThat(found.of(MANY).candidate().name()).isEqualTo("echoing");
    assertThat(told)
        .containsExactly(
            "tried llama with echoing: decode 1 3.00 ms, decode 16 3.00 ms, prefill 8 1.00 ms");
  }

  @Test
  void leavesWhatAPeerDoesNotDoToTheFirst() throws Exception {
    Found found =
        fastest(
            answering("first", "{\"absent\":\"one at a time\"}"),
            answering("second", "{\"absent\":\"one at a time\"}"));

    assertThat(found.of(MANY).candidate().name()).isEqualTo("first");
  }

  @Test
  void saysWhyNoneWorks() {
    assertThatThrownBy(() -> fastest(answering("only", "{\"error\":\"illegal instruction\"}")))
        .isInstanceOf(MissingException.class)
        .hasMessage("llama with only: illegal instruction");
  }

  private Found fastest(Candidate... candidates) throws MissingException {
    return new Trials(List.of(ONE, MANY, PROMPT), Duration.ofSeconds(20), told::add)
        .fastest("llama", List.of(candidates), folder.resolve("trial.log"));
  }

  private static Candidate answering(String name, String answer) {
    return scripted(name, "echo '" + answer + "'");
  }

  private static Candidate scripted(String name, String saying) {
    String script =
        "echo '{\"settings\":{\"backend\":\"%s\"}}'; while read -r line; do %s; done"
            .formatted(name, saying);
    return new Candidate(name, List.of("bash", "-c", script, name));
  }

  /** Times of the brief trial of each case, and of all longer ones. */
  private record Peer(String name, double one, double many, double prompt, double again) {
    Peer(String name, double one, double many, double prompt) {
      this(name, one, many, prompt, 1_000);
    }

    Peer longer(double millis) {
      return new Peer(name, one, many, prompt, millis);
    }

    Candidate candidate() {
      String saying =
          "case $line in 'probe decode 1 8 3') t=%s ;; 'probe decode 16 1024 3') t=%s ;;"
              + " 'probe prefill 8 1') t=%s ;;"
              + " 'decode 1 8 20'|'decode 16 1024 20'|'prefill 8 3') t=%s ;;"
              + " *) t=-1 ;; esac; echo \"{\\\"millis\\\":[$t]}\"";
      return scripted(name, saying.formatted(one, many, prompt, again));
    }
  }
}
