package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that a shell plays. */
class ChildTest {
  private static final String READY = "echo '{\"settings\":{\"threads\":\"2\"}}'; ";

  @TempDir private Path folder;

  @Test
  void asksALineAndReadsALine() throws Exception {
    String script =
        READY
            + "while read -r what n rest; do echo \"{\\\"millis\\\":[$n],\\\"token\\\":$n}\"; done";
    try (Child child = start(script, 20)) {
      assertThat(child.settings()).isEqualTo(Map.of("threads", "2"));
      assertThat(child.measure(new Case.Decode(16, 128, 4)))
          .isInstanceOfSatisfying(
              Reply.Measured.class, reply -> assertThat(reply.millis()).containsExactly(16));
      assertThat(child.measure(new Case.Prefill(512, 4)))
          .isInstanceOfSatisfying(
              Reply.Measured.class, reply -> assertThat(reply.token()).isEqualTo(512));
    }
  }

  @Test
  void endsAChildThatDoesNotAnswerInTime() throws Exception {
    try (Child child = start(READY + "sleep 60", 1)) {
      Reply late = new Reply.Failed("no answer in 1 s");

      assertThat(child.measure(new Case.Prefill(8, 1))).isEqualTo(late);
      assertThat(child.measure(new Case.Prefill(8, 1))).as("not asked again").isEqualTo(late);
    }
  }

  @Test
  void tellsTheLastWordsOfOneThatDies() throws Exception {
    try (Child child = start(READY + "read -r line; echo 'out of memory' >&2; exit 3", 20)) {
      assertThat(child.measure(new Case.Prefill(8, 1)))
          .isEqualTo(new Reply.Failed("its process ended, last words: out of memory"));
    }
  }

  @Test
  void isMissingWhereItNeverGetsReady() {
    assertThatThrownBy(() -> start("echo '{\"error\":\"no such file\"}'", 20))
        .isInstanceOf(MissingException.class)
        .hasMessage("no such file");
    assertThatThrownBy(() -> start("sleep 60", 1))
        .isInstanceOf(MissingException.class)
        .hasMessage("no answer in 1 s");
    assertThatThrownBy(
            () ->
                Child.start(
                    List.of(folder.resolve("none").toString()),
                    Map.of(),
                    folder.resolve("log"),
                    Duration.ofSeconds(20)))
        .isInstanceOf(MissingException.class)
        .hasMessageStartingWith("it does not start: ");
  }

  private Child start(String script, int seconds) throws MissingException {
    return Child.start(
        List.of("bash", "-c", script),
        Map.of(),
        folder.resolve("child.log"),
        Duration.ofSeconds(seconds));
  }
}
