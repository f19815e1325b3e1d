package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.completion.CompletionPart;
import dev.outcrop.models.completion.ReasoningFormat;
import dev.outcrop.models.completion.ToolFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Completions as the tokens of real tokenizers, some of which have no text. */
final class CompletionTokensTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      textBlock =
          """
          mistral~MISTRAL~NONE~Zoë 😀[TOOL_CALLS] [{"name": "f", "arguments": {"a": "é😀"}}]~[TOOL_CALLS]
          qwen~HERMES~THINK~<think>\\nÉ😀\\n</think>\\n\\nHi<tool_call>\\n{"name": "f", "arguments": {"a": "é😀"}}\\n</tool_call>~
          """)
  void findsTheCallInTokens(
      String folder, ToolFormat tools, ReasoningFormat reasoning, String written, String hidden) {
    String completion = written.replace("\\n", "\n");
    try (Tokenizer tokenizer = TokenizerFixtures.open(folder)) {
      CompletionParser parser =
          new CompletionFormat(tools, reasoning)
              .parser(Set.of("f"), false, word -> isSpecial(tokenizer, word));
      IncrementalDetokenizer detokenizer = tokenizer.detokenizer();
      List<CompletionPart> parts = new ArrayList<>();
      List<String> markers = new ArrayList<>();
      for (int id : tokenizer.encodeTrusted(completion)) {
        String control = tokenizer.controlToken(id);
        if (control != null && parser.isMarker(control)) {
          markers.add(control);
          parts.addAll(parser.accept(detokenizer.flush()));
          parts.addAll(parser.marker(control));
        } else {
          parts.addAll(parser.accept(detokenizer.accept(id)));
        }
      }
      parts.addAll(parser.accept(detokenizer.flush()));
      parts.addAll(parser.finish());

      assertThat(markers).isEqualTo(hidden == null ? List.of() : List.of(hidden));
      StringBuilder text = new StringBuilder();
      StringBuilder arguments = new StringBuilder();
      StringBuilder thoughts = new StringBuilder();
      StringBuilder source = new StringBuilder();
      for (CompletionPart part : parts) {
        source.append(part.source());
        switch (part) {
          case CompletionPart.Text(var more) -> text.append(more);
          case CompletionPart.Reasoning(var more) -> thoughts.append(more);
          case CompletionPart.CallStart(var name, _, _) -> assertThat(name).isEqualTo("f");
          case CompletionPart.Arguments(var json, _) -> arguments.append(json);
          case CompletionPart.CallEnd _, CompletionPart.Syntax _ -> {}
          case CompletionPart.Malformed malformed -> throw new AssertionError(malformed);
        }
      }
      assertThat(source.toString().replace(" ", "")).isEqualTo(completion.replace(" ", ""));
      assertThat(arguments.toString()).isEqualTo("{\"a\": \"é😀\"}");
      assertThat(text.toString()).isEqualTo(completion.startsWith("<think>") ? "Hi" : "Zoë 😀");
      assertThat(thoughts.toString()).isEqualTo(completion.startsWith("<think>") ? "É😀" : "");
    }
  }

  private static boolean isSpecial(Tokenizer tokenizer, String word) {
    OptionalInt id = tokenizer.idOf(word);
    return id.isPresent() && tokenizer.isSpecial(id.getAsInt());
  }
}
