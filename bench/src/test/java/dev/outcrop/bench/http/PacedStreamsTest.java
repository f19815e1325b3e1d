package dev.outcrop.bench.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.serving.config.AuthConfig;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class PacedStreamsTest {
  private static final PacedBatcher.Pace PACE = new PacedBatcher.Pace(2, 1_000, 1_000, true);

  @Test
  void aRunWhoseStreamsEndedEarlyFails() throws Exception {
    try (PacedStreams streams = new PacedStreams(PACE, 0.003, AuthConfig.DEFAULT)) {
      LoadClient client = streams.begin("");
      streams.received();

      assertThat(client.tokens(0)).isEqualTo(3);
      assertThatThrownBy(streams::end)
          .isInstanceOf(IOException.class)
          .hasMessage("the streams ran out of tokens before the run was over");
    }
  }

  @Test
  void aRunWhoseConnectionsBrokeFails() throws Exception {
    try (PacedStreams streams = new PacedStreams(PACE, 60, AuthConfig.DEFAULT)) {
      streams.begin("");

      streams.server().close();

      assertThatThrownBy(streams::end)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("stream ");
    }
  }
}
