package dev.outcrop.serving.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ToolCallParserTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          plain|`plain`
          a < b <tool b|`a < b <tool b`
          <tool_call>{"name":"f","arguments":{"a":1}}</tool_call>|f{"a":1}
          <tool_call>\\n{"name": "f", "arguments": {"a": 1}}\\n</tool_call>\\n|f{"a":1}
          x\\n\\n<tool_call>{"name":"f"}</tool_call>\\n<tool_call>{"name":"g"}</tool_call>|`x` f{} g{}
          <tool_call>{"name":"f","arguments":"{\\"a\\":2}"}</tool_call> and|f{"a":2} `and`
          <tool_call>{"name":"f","parameters":{"b":[1,{"c":null}]}}</tool_call>|f{"b":[1,{"c":null}]}
          <tool_call>{"name":"f","arguments":{"a":"</x>"}}|f{"a":"</x>"}
          <tool_call>{"name":"f","argu|`<tool_call>{"name":"f","argu`
          <tool_call>nonsense</tool_call> ok|`<tool_call>nonsense</tool_call> ok`
          <tool_call>{"name":1}</tool_call>|`<tool_call>{"name":1}</tool_call>`
          <tool_call>{"name":"f","arguments":[1]}</tool_call>|`<tool_call>{"name":"f","arguments":[1]}</tool_call>`
          <tool_call>{"name":"h"}</tool_call>|`<tool_call>{"name":"h"}</tool_call>`
          <tool_call>{"name":"get weather!"}</tool_call>|`<tool_call>{"name":"get weather!"}</tool_call>`
          <tool_call>{"name":"h"}</tool_call><tool_call>{"name":"g"}</tool_call>|`<tool_call>{"name":"h"}</tool_call>` g{}
          spaces at the end  |`spaces at the end  `
          """)
  void findsCallsHoweverTheTextIsCut(String text, String expected) {
    String completion = text.replace("\\n", "\n").replace("\\\"", "\\\"");
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 50; round++) {
      assertThat(
              parse(completion, round == 0 ? completion.length() : 1 + random.nextInt(6), random))
          .as("round %d", round)
          .isEqualTo(expected);
    }
  }

  private static String parse(String text, int longest, SplittableRandom random) {
    int[] next = {0};
    ToolCallParser parser =
        new ToolCallParser(new Json(1_000), Set.of("f", "g"), () -> "id" + next[0]++);
    List<ToolCallParser.Piece> pieces = new ArrayList<>();
    for (int at = 0; at < text.length(); ) {
      int end = Math.min(text.length(), at + 1 + random.nextInt(longest));
      pieces.addAll(parser.add(text.substring(at, end)));
      at = end;
    }
    pieces.addAll(parser.finish());
    return shown(pieces);
  }

  private static String shown(List<ToolCallParser.Piece> pieces) {
    List<String> shown = new ArrayList<>();
    StringBuilder plain = new StringBuilder();
    for (ToolCallParser.Piece piece : pieces) {
      switch (piece) {
        case ToolCallParser.Piece.Plain(var text) -> plain.append(text);
        case ToolCallParser.Piece.Call(var call) -> {
          flush(plain, shown);
          shown.add(call.name() + call.arguments());
        }
      }
    }
    flush(plain, shown);
    return String.join(" ", shown);
  }

  private static void flush(StringBuilder plain, List<String> shown) {
    if (!plain.isEmpty()) {
      shown.add("`" + plain + "`");
      plain.setLength(0);
    }
  }
}
