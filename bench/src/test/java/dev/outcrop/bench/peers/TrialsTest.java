package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of several ways to start a peer is taken. */
class TrialsTest {
  @TempDir private Path folder;

  private final List<String> told = new ArrayList<>();

  @Test
  void takesTheFastestByItsLeastTimes() throws Exception {
    // The second one has the worse median, and is the faster one when nothing disturbs it.
    assertThat(
            fastest(
                answering("slow", "{\"millis\":[5,5,5]}"),
                answering("fast", "{\"millis\":[9,9,2]}"),
                answering("broken", "{\"error\":\"illegal instruction\"}")))
        .endsWith("fast");

    assertThat(told)
        .containsExactly(
            "tried slow: 5.00, 5.00 ms",
            "tried fast: 2.00, 2.00 ms",
            "tried broken: illegal instruction");
  }

  @Test
  void leavesOutWhatAPeerDoesNotDo() throws Exception {
    assertThat(fastest(answering("single", "{\"absent\":\"one at a time\"}"))).endsWith("single");
  }

  @Test
  void saysWhyNoneWorks() {
    assertThatThrownBy(() -> fastest(answering("only", "{\"error\":\"illegal instruction\"}")))
        .isInstanceOf(MissingException.class)
        .hasMessage("only: illegal instruction");
  }

  private List<String> fastest(Trials.Candidate... candidates) throws MissingException {
    List<Case> cases = List.of(new Case.Decode(1, 8, 3), new Case.Prefill(8, 3));
    return new Trials(cases, Duration.ofSeconds(20), told::add)
        .fastest(List.of(candidates), folder.resolve("trial.log"));
  }

  private static Trials.Candidate answering(String name, String answer) {
    String script =
        "echo '{\"settings\":{\"threads\":\"2\"}}'; while read -r line; do echo '"
            + answer
            + "'; done";
    return new Trials.Candidate(name, List.of("bash", "-c", script, name));
  }
}
