package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where templates are found, what they see, and what they may not do. */
class ChatTemplateTest {
  private static final List<ChatMessage> HELLO = List.of(ChatMessage.of("user", "hello"));
  private static final ToolDefinition TOOL = new ToolDefinition("t", "", Map.of());

  @TempDir private Path folder;

  private void write(String file, String text) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private static Prompt render(ChatTemplate template) {
    return template.render(HELLO, List.of(), true, Map.of(), TemplateCases.CLOCK);
  }

  private static String withTool(ChatTemplate template) {
    return template.render(HELLO, List.of(TOOL), true, Map.of(), TemplateCases.CLOCK).text();
  }

  @Test
  void prefersTheTemplateInItsOwnFile() throws IOException {
    write("chat_template.jinja", "own {{ messages[0].content }}");
    write("tokenizer_config.json", "{\"chat_template\": \"config\"}");
    assertThat(render(ChatTemplate.open(folder)).text()).isEqualTo("own hello");
  }

  @Test
  void readsTheTemplateOfTheTokenizersConfiguration() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"config\"}");
    write("chat_template.json", "{\"chat_template\": \"json\"}");
    assertThat(render(ChatTemplate.open(folder)).text()).isEqualTo("config");
  }

  @Test
  void readsTheTemplateOfItsOwnJsonFile() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": null}");
    write("chat_template.json", "{\"chat_template\": \"json\"}");
    assertThat(render(ChatTemplate.open(folder)).text()).isEqualTo("json");
  }

  @Test
  void takesTheTemplateForToolsWhenThereAreTools() throws IOException {
    write(
        "tokenizer_config.json",
        """
        {"chat_template": [{"name": "default", "template": "plain"},
                           {"name": "tool_use", "template": "tools"}]}
        """);
    ChatTemplate template = ChatTemplate.open(folder);
    assertThat(render(template).text()).isEqualTo("plain");
    assertThat(withTool(template)).isEqualTo("tools");
  }

  @Test
  void takesTheTemplateForToolsFromItsFile() throws IOException {
    write("chat_template.jinja", "plain");
    write("additional_chat_templates/tool_use.jinja", "tools");
    ChatTemplate template = ChatTemplate.open(folder);
    assertThat(render(template).text()).isEqualTo("plain");
    assertThat(withTool(template)).isEqualTo("tools");
  }

  @Test
  void knowsTheSpecialTokensAsTextOrObjectOrNotAtAll() throws IOException {
    write(
        "chat_template.jinja",
        "{{ bos_token }}|{{ eos_token }}|{{ pad_token is defined }}|{{ unk_token }}");
    write("tokenizer_config.json", "{\"bos_token\": {\"content\": \"<s>\"}, \"pad_token\": null}");
    write(
        "special_tokens_map.json",
        "{\"eos_token\": \"</s>\", \"bos_token\": \"old\", \"unk_token\": {\"content\": \"<unk>\"}}");
    Prompt prompt = render(ChatTemplate.open(folder));
    assertThat(prompt.text()).isEqualTo("<s>|</s>|False|<unk>");
    assertThat(prompt.pieces()).singleElement().matches(Prompt.Piece::trusted);
  }

  @Test
  void saysThatThereIsNoTemplateAndWhereItLooked() throws IOException {
    write("tokenizer_config.json", "{}");
    assertThatThrownBy(() -> ChatTemplate.open(folder))
        .isInstanceOfSatisfying(
            OutcropException.class,
            e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID))
        .hasMessageStartingWith(folder + ": ")
        .hasMessageContaining("no chat template")
        .hasMessageContaining("chat_template.jinja");
  }

  @Test
  void namesTheFileOfTheTemplateThatCannotBeRead() throws IOException {
    write("chat_template.json", "{\"chat_template\": \"\\n{% include 'x' %}\"}");
    namesTheFile("chat_template.json", "line 2: 'include' is not supported");
    write("tokenizer_config.json", "{\"chat_template\": \"{{\"}");
    namesTheFile("tokenizer_config.json", "line 1: ");
    write("chat_template.jinja", "fine");
    write("additional_chat_templates/tool_use.jinja", "{% if %}");
    namesTheFile("additional_chat_templates/tool_use.jinja", "line 1: ");
    write("chat_template.jinja", "x".repeat(1 << 21));
    namesTheFile("chat_template.jinja", "is longer than");
  }

  private void namesTheFile(String file, String problem) {
    assertThatThrownBy(() -> ChatTemplate.open(folder))
        .isInstanceOfSatisfying(
            OutcropException.class,
            e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED))
        .hasMessageStartingWith(folder.resolve(file) + ": ")
        .hasMessageContaining(problem);
  }

  @Test
  void namesTheFileThatIsNoJson() throws IOException {
    write("tokenizer_config.json", "{");
    assertThatThrownBy(() -> ChatTemplate.open(folder))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("tokenizer_config.json");
  }

  @Test
  void showsATurnOnlyTheFieldsItHas() {
    ChatTemplate template =
        ChatTemplate.of(
            "{% for m in messages %}{{ m }}\n{% endfor %}{{ tools }}{{ documents }}", Map.of());
    var call = new ChatMessage.ToolCall("id1", "f", Map.of("x", 1));
    List<ChatMessage> messages =
        List.of(
            ChatMessage.of("user", "a"),
            new ChatMessage("assistant", "", "why", List.of(call), null, null),
            new ChatMessage("tool", "b", null, List.of(), "id1", "f"));
    assertThat(template.render(messages, List.of(), false, Map.of(), TemplateCases.CLOCK).text())
        .isEqualTo(
            """
            {'role': 'user', 'content': 'a'}
            {'role': 'assistant', 'content': '', 'reasoning_content': 'why', 'tool_calls': \
            [{'id': 'id1', 'type': 'function', 'function': {'name': 'f', 'arguments': {'x': 1}}}]}
            {'role': 'tool', 'content': 'b', 'tool_call_id': 'id1', 'name': 'f'}
            NoneNone""");
  }

  @ParameterizedTest
  @ValueSource(strings = {"messages", "tools", "documents", "add_generation_prompt", "bos_token"})
  void refusesOptionsThatWouldReplaceItsOwnVariables(String name) {
    ChatTemplate template = ChatTemplate.of("x", Map.of("bos_token", "<s>"));
    assertThatThrownBy(
            () -> template.render(HELLO, List.of(), true, Map.of(name, "y"), TemplateCases.CLOCK))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("'" + name + "'");
  }

  @Test
  void printsTheTimeOfTheGivenClock() {
    assertThat(render(ChatTemplate.of("{{ strftime_now('%d %b %Y') }}", Map.of())).text())
        .isEqualTo("09 Mar 2026");
  }

  @Test
  void rendersOnManyThreadsAtOnce() throws InterruptedException, ExecutionException {
    ChatTemplate template = TemplateCases.open("qwen3");
    String expected = render(template).text();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> results = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        results.add(threads.submit(() -> render(template).text()));
      }
      for (Future<String> result : results) {
        assertThat(result.get()).isEqualTo(expected);
      }
    }
  }

  /** Every template and conversation again, with user text moved to an alphabet of its own. */
  @ParameterizedTest
  @MethodSource("dev.outcrop.models.text.TemplateCases#templates")
  void trustsNothingThatCameWithTheRequest(String name) {
    ChatTemplate template = TemplateCases.open(name);
    int rendered = 0;
    for (JsonNode conversation : TemplateCases.conversations()) {
      Prompt prompt;
      try {
        prompt = TemplateCases.render(template, TemplateCases.disguised(conversation));
      } catch (OutcropException refused) {
        assertThat(refused.getMessage()).doesNotMatch("(?s).*[\\ue000-\\uf8ff].*");
        continue;
      }
      rendered++;
      for (Prompt.Piece piece : prompt.pieces()) {
        if (piece.trusted()) {
          assertThat(piece.text()).doesNotMatch("(?s).*[\\ue000-\\uf8ff].*");
        } else {
          assertThat(piece.text()).doesNotContain("<|");
        }
      }
      assertThat(prompt.pieces()).noneMatch(piece -> piece.text().isEmpty());
    }
    assertThat(rendered).isGreaterThan(5);
  }
}
