package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.completion.CompletionPart;
import dev.outcrop.models.completion.ToolFormat;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What published templates write for an earlier call is what the parser of their format reads. The
 * last two are of our own, with the constructs of DeepSeek's and gpt-oss' templates.
 */
final class CallRoundTripTest {
  /** Templates that write calls in a format that is read back. */
  private static final List<String> TEMPLATES =
      List.of(
          "demo",
          "llama-style",
          "qwen2.5",
          "qwen3",
          "mistral-7b-instruct-v0.3",
          "mistral-nemo-2407");

  private static final String DEEPSEEK =
      """
      {%- for message in messages %}
      {%- if message['role'] == 'user' %}{{ '<｜User｜>' + message['content'] }}{% endif %}
      {%- for tool in message['tool_calls'] or [] %}
      {%- if loop.first %}{{ message['content'] + '<｜tool▁calls▁begin｜>' }}{% endif %}
      {{- '<｜tool▁call▁begin｜>' + tool['function']['name'] + '<｜tool▁sep｜>' }}
      {{- '' + tool['function']['arguments'] + '<｜tool▁call▁end｜>' }}
      {%- if loop.last %}{{ '<｜tool▁calls▁end｜>' }}{% endif %}
      {%- endfor %}
      {%- endfor %}
      {%- if add_generation_prompt %}{{ '' }}{% endif %}""";

  private static final String HARMONY =
      """
      {%- for message in messages %}
      {%- if message.role == 'user' %}
      {{- '<|start|>user<|message|>' + message.content + '<|end|><|start|>assistant' }}
      {%- endif %}
      {%- for call in message.tool_calls or [] %}
      {%- if not loop.first %}{{ '<|start|>assistant' }}{% endif %}
      {{- '<|channel|>commentary to=functions.' + call.function.name }}
      {{- ' <|constrain|>json<|message|>' }}{{ call.function.arguments | tojson }}{{ '<|call|>' }}
      {%- endfor %}
      {%- endfor %}
      {%- if add_generation_prompt %}{{ '' }}{% endif %}""";

  private static Stream<String> templates() {
    return Stream.concat(TEMPLATES.stream(), Stream.of("deepseek", "harmony"));
  }

  private static ChatTemplate open(String name) {
    return switch (name) {
      case "deepseek" -> ChatTemplate.of(DEEPSEEK, Map.of());
      case "harmony" -> ChatTemplate.of(HARMONY, Map.of());
      default -> TemplateCases.open(name);
    };
  }

  @ParameterizedTest
  @MethodSource("templates")
  void readsBackWhatTheTemplateWrites(String name) {
    ChatTemplate template = open(name);
    List<Map<String, Object>> arguments = new ArrayList<>();
    arguments.add(new LinkedHashMap<>(Map.of("s", "é😀 \"}]\\\n</tool_call>")));
    arguments.add(new LinkedHashMap<>(Map.of("n", List.of(1, Map.of("m", -2.5)))));
    // Llama's templates take one call at a time.
    int calls = name.equals("llama-style") ? 1 : 2;
    List<ChatMessage.ToolCall> written = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      written.add(new ChatMessage.ToolCall("abcdefgh" + i, "tool_" + i, arguments.get(i)));
    }
    List<ToolDefinition> tools =
        Stream.of("tool_0", "tool_1")
            .map(tool -> new ToolDefinition(tool, "A tool", Map.of("type", "object")))
            .toList();
    ChatMessage user = ChatMessage.of("user", "?");
    ChatMessage assistant = new ChatMessage("assistant", "", null, written, null, null);
    String prompt =
        template.render(List.of(user), tools, true, Map.of(), TemplateCases.CLOCK).text();
    String whole =
        template
            .render(List.of(user, assistant), tools, false, Map.of(), TemplateCases.CLOCK)
            .text();
    assertThat(whole).startsWith(prompt);
    String completion =
        whole
            .substring(prompt.length())
            .replaceFirst("(<\\|im_end\\|>|<\\|eot_id\\|>|</s>)\\s*$", "");

    CompletionFormat format = CompletionFormat.of("any", template.source());
    CompletionParser parser =
        format.parser(Set.of("tool_0", "tool_1"), format.opensReasoning(prompt), _ -> false);
    List<CompletionPart> parts = new ArrayList<>(parser.accept(completion));
    parts.addAll(parser.finish());

    assertThat(format.tools()).isNotEqualTo(ToolFormat.NONE);
    List<String> names = new ArrayList<>();
    List<String> read = new ArrayList<>();
    for (CompletionPart part : parts) {
      switch (part) {
        case CompletionPart.CallStart(var called, _, _) -> {
          names.add(called);
          read.add("");
        }
        case CompletionPart.Arguments(var json, _) -> read.add(read.removeLast() + json);
        case CompletionPart.CallEnd _, CompletionPart.Syntax _ -> {}
        case CompletionPart.Text _, CompletionPart.Reasoning _, CompletionPart.Malformed _ ->
            throw new AssertionError(part + " in " + completion);
      }
    }
    assertThat(names).isEqualTo(written.stream().map(ChatMessage.ToolCall::name).toList());
    assertThat(read.stream().map(TemplateCases::object))
        .isEqualTo(written.stream().<Object>map(ChatMessage.ToolCall::arguments).toList());
  }

  @Test
  void writesArgumentsAsPythonDoes() {
    Map<String, Object> arguments = new LinkedHashMap<>();
    arguments.put("a", List.of(1, 2.5, Map.of(), List.of()));
    arguments.put("é", "\"\n");

    assertThat(ArgumentsText.of(arguments))
        .isEqualTo("{\"a\": [1, 2.5, {}, []], \"é\": \"\\\"\\n\"}");
    assertThat(ArgumentsText.of(Map.of())).isEqualTo("{}");
  }

  @Test
  void givesArgumentsAsTextOnlyWhereTheyAreJoined() {
    assertThat(TemplateCases.templates())
        .filteredOn(name -> ArgumentsText.isWantedBy(TemplateCases.source(name)))
        .isEqualTo(TemplateCases.templatesThatJoinArguments());
    assertThat(ArgumentsText.isWantedBy("tool['function']['arguments'] + '\\n'")).isTrue();
    assertThat(ArgumentsText.isWantedBy("call.function.arguments+x")).isTrue();
  }
}
