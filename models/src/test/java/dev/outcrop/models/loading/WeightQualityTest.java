package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.loading.WeightQuality.Conversation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of whole weights is answered as a server would. */
final class WeightQualityTest {
  private static final Path DEMO = Path.of("demo", "model");
  private static final Conversation SUM =
      new Conversation(
          "<|im_start|>user\nWork out 78-79.<|im_end|>\n<|im_start|>assistant\n",
          "78 minus 79 is -1.");

  @TempDir private Path folder;

  /** The demo model, whose rotary embeddings are its own for long sequences only. */
  private Path longRope() throws IOException {
    try (Stream<Path> files = Files.list(DEMO)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Path config = folder.resolve("config.json");
    String rope =
        """
        "rope_scaling": {"rope_type": "longrope", "short_factor": %s, "long_factor": %s,
          "original_max_position_embeddings": 16, "attention_factor": 1.0},
        """
            .formatted(Collections.nCopies(32, 16.0), Collections.nCopies(32, 1.0));
    Files.writeString(config, Files.readString(config).replace("\"rope_scaling\": null,", rope));
    return folder;
  }

  @Test
  void answersWithTheRotaryEmbeddingsOfLongSequences() throws IOException {
    try (WeightQuality quality = WeightQuality.open(longRope(), List.of(SUM), 1)) {
      assertThat(quality.score(Quantization.NONE).right()).isEqualTo(1);
    }
  }

  @Test
  void refusesConversationsThatCannotBeRun() {
    Conversation empty = new Conversation("", "a");
    assertThatThrownBy(() -> WeightQuality.open(DEMO, List.of(SUM, empty), 1))
        .isInstanceOf(IOException.class)
        .hasMessage("the prompt of conversation 2 is empty");

    Conversation endless = new Conversation("hello ".repeat(3_000), "a ".repeat(3_000));
    assertThatThrownBy(() -> WeightQuality.open(DEMO, List.of(endless), 1))
        .isInstanceOf(IOException.class)
        .hasMessageMatching("conversation 1 may come to \\d+ tokens, the model takes 4096");
  }
}
