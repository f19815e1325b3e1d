package dev.outcrop.models.completion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CompletionFormatTest {
  @ParameterizedTest
  @CsvSource({
    "chat_templates/demo, llama, HERMES, NONE",
    "chat_templates/llama-style, llama, LLAMA_JSON, NONE",
    "third_party/chat_templates/qwen2.5, qwen2, HERMES, NONE",
    "third_party/chat_templates/qwen3, qwen3, HERMES, THINK",
    "third_party/chat_templates/mistral-7b-instruct-v0.3, mistral, MISTRAL, NONE",
    "third_party/chat_templates/mistral-nemo-2407, mistral, MISTRAL, NONE",
  })
  void knowsTheFormatFromTheTemplate(
      String folder, String modelType, ToolFormat tools, ReasoningFormat reasoning)
      throws IOException {
    String template;
    try (InputStream in =
        CompletionFormatTest.class.getResourceAsStream("/" + folder + "/chat_template.jinja")) {
      template = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(CompletionFormat.of(modelType, template))
        .isEqualTo(new CompletionFormat(tools, reasoning));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      textBlock =
          """
          {{ messages }}~llama~NONE~NONE
          {{ messages }}~gpt_oss~HARMONY~NONE
          <|start|>assistant<|channel|>analysis<think>~x~HARMONY~NONE
          <｜tool▁calls▁begin｜> </think>~qwen2~DEEPSEEK~THINK
          [TOOL_CALLS] [THINK]~mistral~MISTRAL~MISTRAL_THINK
          <tool_call><function=~qwen3~NONE~NONE
          <|start_header_id|> tools <|python_start|>~llama~LLAMA_PYTHONIC~NONE
          <|start_header_id|>~llama~NONE~NONE
          """)
  void knowsTheFormatFromItsWords(
      String template, String modelType, ToolFormat tools, ReasoningFormat reasoning) {
    assertThat(CompletionFormat.of(modelType, template))
        .isEqualTo(new CompletionFormat(tools, reasoning));
  }

  @Test
  void seesThatAPromptEndsInsideTheReasoning() {
    CompletionFormat format = new CompletionFormat(ToolFormat.NONE, ReasoningFormat.THINK);
    assertThat(format.opensReasoning("<|im_start|>assistant\n<think>\n")).isTrue();
    assertThat(format.opensReasoning("<|im_start|>assistant\n<think>\n\n</think>\n\n")).isFalse();
    assertThat(format.opensReasoning("<|im_start|>assistant\n")).isFalse();
    assertThat(CompletionFormat.PLAIN.opensReasoning("<think>")).isFalse();
  }

  @Test
  void aSpecialTokenIsNotMeantWhereItsLettersAreText() {
    CompletionFormat format = new CompletionFormat(ToolFormat.MISTRAL, ReasoningFormat.NONE);
    CompletionParser parser = format.parser(Set.of("f"), false, "[TOOL_CALLS]"::equals);

    assertThat(Completions.notation(parser.accept("[TOOL_CALLS]f{}")))
        .isEqualTo("'[TOOL_CALLS]f{}'");

    assertThat(parser.isMarker("[TOOL_CALLS]")).isTrue();
    assertThat(parser.isMarker("[ARGS]")).isFalse();
    assertThat(parser.isMarker("</s>")).isFalse();
    assertThatThrownBy(() -> parser.marker("</s>")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noPartShowsItsText() {
    CompletionFormat format = new CompletionFormat(ToolFormat.HERMES, ReasoningFormat.THINK);
    CompletionParser parser = format.parser(Set.of("secret"), false, _ -> false);
    assertThat(
            parser
                .accept(
                    "<think>secret</think>secret\n<tool_call>{\"name\":\"secret\",\"arguments\":"
                        + "{\"secret\":1}}</tool_call><tool_call>secret")
                .toString())
        .contains("Reasoning[", "Text[", "CallStart[", "Arguments[", "CallEnd[", "Malformed[")
        .doesNotContain("secret");
  }
}
