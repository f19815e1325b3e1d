package dev.outcrop.bench.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.models.engine.Sampling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class PacedBatcherTest {
  @Test
  @Timeout(60)
  void endsStreamsOfARunThatOutlastsThem() throws InterruptedException {
    try (PacedBatcher engine = new PacedBatcher(new PacedBatcher.Pace(1, 1_000, 1_000, true), 3)) {
      GenerateRequest request =
          new GenerateRequest(
              new int[] {0},
              3,
              Sampling.GREEDY,
              new int[0],
              GenerateRequest.Service.of("bench", 1));
      if (!(engine.submit(request) instanceof SubmitResult.Accepted(var stream))) {
        throw new AssertionError("refused");
      }
      for (int i = 0; i < 3; i++) {
        assertThat(stream.next()).isInstanceOf(TokenEvent.Token.class);
      }
      assertThat(stream.next()).isInstanceOf(TokenEvent.Finished.class);
      assertThatThrownBy(engine::end)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("before the run did");
    }
  }
}
