package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.EncoderConfig;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TextBatchTest {
  private static final EncoderConfig CONFIG = EncoderFixture.read("xlm-roberta").config();

  @Test
  void sortsByLengthAndFillsUpToAKnownNumberOfTokens() {
    int[][] ids = {new int[20], {7, 8, 9}, new int[20], {4, 5, 6, 3}};
    TextBatch batch = new TextBatch(CONFIG, ids, null);

    assertThat(batch.tokens()).isEqualTo(48);
    assertThat(batch.layout()).containsExactly(4, 1, 3, 1, 4, 2, 20, 1, 1);
    assertThat(IntStream.range(0, 4).map(batch::text)).containsExactly(1, 3, 0, 2);
    assertThat(batch.table()).startsWith(7, 8, 9, 4, 5, 6, 3).hasSize(3 * 48);
    // Positions of all texts and of the filler begin at the offset.
    long[] positions = Arrays.copyOfRange(batch.table(), 48, 96);
    assertThat(positions).startsWith(2, 3, 4, 2, 3, 4, 5, 2, 3);
    assertThat(new long[] {positions[7], positions[27], positions[47]}).containsOnly(2);
  }

  @Test
  void roundsToFewNumbersAndNotFar() {
    for (int tokens = 1; tokens <= 16_384; tokens++) {
      int rounded = TextBatch.rounded(tokens);
      assertThat(rounded).isBetween(tokens, tokens + tokens / 16 + 1);
      assertThat(TextBatch.rounded(rounded)).isEqualTo(rounded);
    }
    assertThat(IntStream.rangeClosed(1, 16_384).map(TextBatch::rounded).distinct().count())
        .isLessThan(200);
  }
}
