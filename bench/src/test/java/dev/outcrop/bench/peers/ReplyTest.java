package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a child's line is read as. */
class ReplyTest {
  @Test
  void readsTimesATokenAndWhatWasChosen() {
    Reply reply =
        Reply.read("{\"millis\":[1.5,2],\"token\":7,\"settings\":{\"flashAttention\":\"on \"}}");

    assertThat(reply).isInstanceOf(Reply.Measured.class);
    Reply.Measured measured = (Reply.Measured) reply;
    assertThat(measured.millis()).containsExactly(1.5, 2);
    assertThat(measured.token()).isEqualTo(7);
    assertThat(measured.settings()).isEqualTo(Map.of("flashAttention", "on"));
  }

  @Test
  void readsTimesAlone() {
    assertThat(Reply.read("{\"millis\":[3]}"))
        .isInstanceOfSatisfying(
            Reply.Measured.class,
            measured -> {
              assertThat(measured.token()).isEqualTo(Reply.NO_TOKEN);
              assertThat(measured.settings()).isEmpty();
            });
  }

  @Test
  void readsThatAChildIsReady() {
    assertThat(Reply.read("{\"settings\":{\"threads\":\"2\",\"backend\":\"zen4\"}}"))
        .isEqualTo(new Reply.Ready(Map.of("threads", "2", "backend", "zen4")));
  }

  @Test
  void readsWhatAChildDoesNotDo() {
    assertThat(Reply.read("{\"absent\":\"one at a time\"}"))
        .isEqualTo(new Reply.Absent("one at a time"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"error":"no memory"}   | no memory
          Loading weights...      | its answer is not JSON: Loading weights...
          {}                      | its answer has neither millis nor settings: {}
          {"millis":[]}           | its answer has no times: {"millis":[]}
          {"millis":[1,0]}        | a time is not positive: {"millis":[1,0]}
          {"millis":["fast"]}     | a time is not positive: {"millis":["fast"]}
          """)
  void takesNothingElse(String line, String reason) {
    assertThat(Reply.read(line)).isEqualTo(new Reply.Failed(reason));
  }
}
