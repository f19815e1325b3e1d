package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.text.ChatMessage;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class MistralIdsTest {
  @Test
  void aCallAndItsResultKeepOneIdOfNineCharacters() {
    String id = "tooluse_0123456789abcdefghij_-";
    List<ChatMessage> fitted =
        MistralIds.in(
            List.of(
                ChatMessage.of("user", "?"),
                new ChatMessage(
                    "assistant",
                    "a",
                    "r",
                    List.of(new ChatMessage.ToolCall(id, "f", Map.of("x", 1))),
                    null,
                    null),
                new ChatMessage("tool", "3", null, List.of(), id, "f")));

    String made = fitted.get(1).toolCalls().getFirst().id();
    assertThat(made).matches("[a-zA-Z0-9]{9}");
    assertThat(fitted)
        .containsExactly(
            ChatMessage.of("user", "?"),
            new ChatMessage(
                "assistant",
                "a",
                "r",
                List.of(new ChatMessage.ToolCall(made, "f", Map.of("x", 1))),
                null,
                null),
            new ChatMessage("tool", "3", null, List.of(), made, "f"));
  }

  @Test
  void anIdThatFitsStays() {
    assertThat(MistralIds.fit("abc123XYZ")).isEqualTo("abc123XYZ");
  }

  @Test
  void idsStayApart() {
    assertThat(IntStream.range(0, 10_000).mapToObj(i -> MistralIds.fit("tooluse_" + i)))
        .doesNotHaveDuplicates();
  }
}
