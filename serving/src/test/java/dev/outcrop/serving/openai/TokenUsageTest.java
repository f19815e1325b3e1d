package dev.outcrop.serving.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.generate.GenerationEvent;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TokenUsageTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void doesNotCountACallAsTheReasoningBehindIt(boolean whole) {
    TokenUsage usage = new TokenUsage(1, 1);
    usage.add(0, new GenerationEvent.Text("a", 2, List.of()));
    usage.add(0, new GenerationEvent.ToolStart("id", "f", "{"));
    usage.add(0, new GenerationEvent.ToolArguments("{}", "{}"));
    usage.add(0, whole ? new GenerationEvent.ToolEnd(10) : new GenerationEvent.ToolBroken(10));
    usage.add(0, new GenerationEvent.Reasoning("b", 13));

    assertThat(usage.forResponses().at("/output_tokens_details/reasoning_tokens").intValue())
        .isEqualTo(3);
  }
}
