package dev.outcrop.models.completion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.completion.Completions.Setting;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every format whole and cut at every place, with its markers as text and as special tokens. In the
 * tables a backslash and n is a line's end.
 */
final class CompletionParserTest {
  private static void check(Setting setting, String completion, String expected) {
    String text = completion.replace("\\n", "\n");
    String parts = expected == null ? "" : expected.replace("\\n", "\n");
    assertThat(Completions.everyCut(setting, text)).as("as text").isEqualTo(parts);
    assertThat(Completions.shown(setting.specialMarkers(), text, List.of(text)))
        .as("as special tokens")
        .isEqualTo(parts);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          plain|'plain'
          a < b <tool b|'a < b <tool b'
          <tool_call>{"name":"f","arguments":{"a":1}}</tool_call>|f{"a":1}
          <tool_call>\\n{"name": "f", "arguments": {"a": 1}}\\n</tool_call>\\n|f{"a":1}
          x 😀\\n\\n<tool_call>{"name":"f"}</tool_call>\\n<tool_call>{"name":"add-2"}</tool_call>|'x 😀' f{} add-2{}
          <tool_call>{"name":"f","arguments":"{\\"a\\":\\"\\\\u00e9😀\\"}"}</tool_call> and|f{"a":"é😀"} 'and'
          <tool_call>{"name":"f","arguments":{"s":"}{\\"😀\\\\</tool_call>","n":{"m":[{}]}}}</tool_call>|f{"s":"}{\\"😀\\\\</tool_call>","n":{"m":[{}]}}
          <tool_call>{"name":"f","parameters":{"b":[1,{"c":null}]}}</tool_call>|f{"b":[1,{"c":null}]}
          <tool_call>{"arguments":{"a":1},"name":"f"}</tool_call>|f{"a":1}
          <tool_call>{"id":"c1","x":[{"y":2}],"name":"f","arguments":{}, "more":"}"}</tool_call>|f#c1{}
          <tool_call>{"name":"f","arguments":null}</tool_call>|f{}
          <tool_call>{"name":"f","arguments":{"a":"</x>"}}|f{"a":"</x>"}
          <tool_call>{"name":"f"}<tool_call>{"name":"f"}|f{} f{}
          <tool_call>{"name":"f","argu|UNCLOSED'<tool_call>{"name":"f","argu'
          <tool_call>{"name":"f","arguments":{"a":[1,|f{"a":[1,! UNCLOSED
          <tool_call>{"name":"f","arguments":{"a":1}|f{"a":1}! UNCLOSED
          <tool_call>{"name":"f","arguments":{"a":1 x}}</tool_call> ok|f{"a":1 ! BAD_ARGUMENTS'x' NOT_A_CALL'}}</tool_call>' ' ok'
          <tool_call>{"name":"f"}}</tool_call>|f{} NOT_A_CALL'}</tool_call>'
          <tool_call>nonsense</tool_call> ok|NOT_A_CALL'<tool_call>nonsense</tool_call>' ' ok'
          a <tool_call>nonsense<tool_call>{"name":"f"}</tool_call>|'a' NOT_A_CALL' <tool_call>nonsense' f{}
          <tool_call>{"name":"\\u0066"}</tool_call>|f{}
          <tool_call>{"name":1}</tool_call>|NOT_A_CALL'<tool_call>{"name":1}</tool_call>'
          <tool_call>{}</tool_call>|NOT_A_CALL'<tool_call>{}</tool_call>'
          <tool_call>{"name":"f","arguments":[1]}</tool_call>|BAD_ARGUMENTS'<tool_call>{"name":"f","arguments":[' NOT_A_CALL'1]}</tool_call>'
          <tool_call>{"name":"f","arguments":"[]"}</tool_call>|BAD_ARGUMENTS'<tool_call>{"name":"f","arguments":"[' NOT_A_CALL']"}</tool_call>'
          <tool_call>{"name":"f","arguments":"{}x"}</tool_call>|f{}! BAD_ARGUMENTS'x' NOT_A_CALL'"}</tool_call>'
          <tool_call>{"name":"f","arguments":"{"}</tool_call>|f{! BAD_ARGUMENTS'"' NOT_A_CALL'}</tool_call>'
          <tool_call>{"name":"h"}</tool_call><tool_call>{"name":"f"}</tool_call>|UNKNOWN_TOOL'<tool_call>{"name":"h"' NOT_A_CALL'}</tool_call>' f{}
          spaces at the end  |'spaces at the end  '
          """)
  void hermes(String completion, String expected) {
    Setting setting = Setting.of(ToolFormat.HERMES, ReasoningFormat.NONE);
    // A tag inside a string is data as text, and the end of the call as a special token.
    if (completion.contains("\\\\</tool_call>\"")) {
      assertThat(Completions.everyCut(setting, completion)).isEqualTo(expected);
    } else {
      check(setting, completion, expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\u0001',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          plain {"name":"f"}~'plain {"name":"f"}'
          {"name": "f", "parameters": {"a": "b"}}~f{"a":"b"}
          \\n{"type": "function", "name": "f", "parameters": {"a": {"b": "}"}}}\\n~f{"a":{"b":"}"}}
          {"name": "f", "parameters": {}}; {"name": "add-2", "parameters": {"x": 1}}~f{} add-2{"x":1}
          <|python_tag|>{"name": "f", "parameters": {"a": 1}}~f{"a":1}
          So: <|python_tag|>{"name": "f", "parameters": {"a": 1}}<|python_tag|>{"name": "f"}~'So:' f{"a":1} f{}
          {"name": "f", "parameters": {}} done~f{} 'done'
          {"name": "h", "parameters": {}} done~'{"name": "h", "parameters": {}} done'
          {"answer": {"name": "f"}}~'{"answer": {"name": "f"}}'
          {"answer": 1, "name": "f", "parameters": {}}~'{"answer": 1, "name": "f", "parameters": {}}'
          <|python_tag|>{"answer": 1, "name": "f", "parameters": {}}~f{}
          <|python_tag|>{"name": "f"} {"x": 1}~f{} ' {"x": 1}'
          {not json~'{not json'
          {"name": "f", "par~UNCLOSED'{"name": "f", "par'
          {"name": "f", "parameters": {"a": ~f{"a": ! UNCLOSED
          {"name": "f", "parameters": {"a": }}~f{"a": ! BAD_ARGUMENTS'}' NOT_A_CALL'}'
          <|python_tag|>print(1)~NOT_A_CALL'<|python_tag|>print(1)'
          <|python_tag|>{"name": "h"} x~UNKNOWN_TOOL'<|python_tag|>{"name": "h"' NOT_A_CALL'} x'
          <|python_tag|>~UNCLOSED'<|python_tag|>'
          """)
  void llamaJson(String completion, String expected) {
    check(Setting.of(ToolFormat.LLAMA_JSON, ReasoningFormat.NONE), completion, expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\u0001',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          plain [f()]~'plain [f()]'
          [f()]~f{}
          [f(a=1, b = -2.5e3, c=True, d=None), get_weather(city='Zürich 😀', ok=False,)]~f{"a":1,"b":-2500.0,"c":true,"d":null} get_weather{"city":"Zürich 😀","ok":false}
          [f(s="it's \\"q\\" ]) \\\\ \\u00e9 \\x41 \\U0001F600 \\d")]~f{"s":"it's \\"q\\" ]) \\\\ é A 😀 \\\\d"}
          [f(l=[1, [], [2,],], m={'k': {"x": [None]}, "z": {}})]~f{"l":[1,[],[2]],"m":{"k":{"x":[null]},"z":{}}}
          <|python_start|>[f(a=1)]<|python_end|>~f{"a":1}
          <|python_start|>[f(a=1)]<|python_end|> then~f{"a":1} 'then'
          [f(), h()] x~f{} UNKNOWN_TOOL', h(' NOT_A_CALL')] x'
          [h(a=1)] x~'[h(a=1)] x'
          [1, 2, 3]~'[1, 2, 3]'
          [f("positional")]~f{! BAD_ARGUMENTS'"' NOT_A_CALL'positional")]'
          [f(a=01)]~f{"a":! BAD_ARGUMENTS'01)' NOT_A_CALL']'
          [f(a=nope)]~f{"a":! BAD_ARGUMENTS'nope)' NOT_A_CALL']'
          [f(a="x~f{"a":"x! UNCLOSED
          [f(a=[1)]~f{"a":[1! BAD_ARGUMENTS')' NOT_A_CALL']'
          [f(~f{! UNCLOSED
          [f()~f{} UNCLOSED
          <|python_start|>print(1)~NOT_A_CALL'print(1)'
          """)
  void llamaPythonic(String completion, String expected) {
    check(Setting.of(ToolFormat.LLAMA_PYTHONIC, ReasoningFormat.NONE), completion, expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\u0001',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          plain [TOOL b~'plain [TOOL b'
          [TOOL_CALLS] [{"name": "f", "arguments": {"a": "]"}, "id": "abc123XYZ"}]~f{"a":"]"}
          [TOOL_CALLS][{"name": "f", "arguments": {}}, {"name": "add-2", "arguments": {"x": [1]}}]~f{} add-2{"x":[1]}
          Wait.\\n[TOOL_CALLS] [{"id": "abc123XYZ", "name": "f", "arguments": {}}]\\nand~'Wait.' f#abc123XYZ{} 'and'
          [TOOL_CALLS]f[ARGS]{"a": {"b": "}"}}~f{"a":{"b":"}"}}
          [TOOL_CALLS]f[CALL_ID]abc123XYZ[ARGS]{"a": 1}~f#abc123XYZ{"a":1}
          [TOOL_CALLS]f[CALL_ID]abc123XYZ[ARGS]{}[TOOL_CALLS]f[ARGS]{}~f#abc123XYZ{} f{}
          [TOOL_CALLS]f[ARGS]{"a": "[ARGS] é😀"}[TOOL_CALLS]add-2[ARGS]{}~f{"a":"[ARGS] é😀"} add-2{}
          [TOOL_CALLS]f {"a": 1}[TOOL_CALLS]f{}~f{"a":1} f{}
          [TOOL_CALLS]{"name": "f", "arguments": {}} text~f{} 'text'
          [TOOL_CALLS][{"name": "f", "arguments": {}}~f{}
          [TOOL_CALLS][]~NOT_A_CALL'[TOOL_CALLS][]'
          [TOOL_CALLS]no call at all~NOT_A_CALL'[TOOL_CALLS]no call at all'
          [TOOL_CALLS]h[ARGS]{"a": 1}~UNKNOWN_TOOL'[TOOL_CALLS]h[ARGS]' NOT_A_CALL'{"a": 1}'
          [TOOL_CALLS]h{}~UNKNOWN_TOOL'[TOOL_CALLS]h' NOT_A_CALL'{}'
          [TOOL_CALLS]f[ARGS][1]~BAD_ARGUMENTS'[TOOL_CALLS]f[ARGS][' NOT_A_CALL'1]'
          [TOOL_CALLS]f[ARGS]{"a":~f{"a":! UNCLOSED
          [TOOL_CALLS]f[ARG~NOT_A_CALL'[TOOL_CALLS]f[ARG'
          [TOOL_CALLS]f~UNCLOSED'[TOOL_CALLS]f'
          [TOOL_CALLS][{"name": "f", "arguments": {}} x~f{} NOT_A_CALL' x'
          [TOOL_CALLS][{"name": "h", "arguments": {}}][TOOL_CALLS]f{}~UNKNOWN_TOOL'[TOOL_CALLS][{"name": "h"' NOT_A_CALL', "arguments": {}}]' f{}
          """)
  void mistral(String completion, String expected) {
    Setting setting = Setting.of(ToolFormat.MISTRAL, ReasoningFormat.NONE);
    if (completion.contains("\"[ARGS]")) {
      assertThat(Completions.everyCut(setting, completion)).isEqualTo(expected);
    } else {
      check(setting, completion, expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\u0001',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          <|channel|>final<|message|>Hi 😀~'Hi 😀'
          <|channel|>analysis<|message|>Think.<|end|><|start|>assistant<|channel|>final<|message|>Hi<|return|>~?'Think.' 'Hi'
          <|channel|>analysis<|message|>T<|end|><|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"a": {"b": "}"}}<|call|>~?'T' f{"a":{"b":"}"}}
          <|channel|>commentary to=functions.get_weather json<|message|>{"city":"Oslo"}~get_weather{"city":"Oslo"}
           to=functions.f<|channel|>commentary<|message|>{}<|call|><|start|>assistant to=functions.f<|channel|>commentary<|message|>{"a":1}<|call|>~f{} f{"a":1}
          <|channel|>commentary<|message|>First I look.<|end|><|start|>assistant<|channel|>commentary to=functions.f<|message|>{}~'First I look.' f{}
          <|message|>no channel~'no channel'
          No head at all~'No head at all'
          <|channel|>commentary to=functions.h<|message|>{}<|call|>~UNKNOWN_TOOL'<|channel|>commentary to=functions.h<|message|>' NOT_A_CALL'{}<|call|>'
          <|channel|>commentary to=browser.open<|message|>{}~UNKNOWN_TOOL'<|channel|>commentary to=browser.open<|message|>' NOT_A_CALL'{}'
          <|channel|>commentary to=functions.f<|message|>{"a":<|call|>~f{"a":! BAD_ARGUMENTS'<' NOT_A_CALL'|call|>'
          <|channel|>commentary to=functions.f<|message|>{"a":~f{"a":! UNCLOSED
          <|channel|>commentary to=functions.f<|message|>[1]<|call|>~BAD_ARGUMENTS'<|channel|>commentary to=functions.f<|message|>[' NOT_A_CALL'1]<|call|>'
          <|channel|>odd<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>y~NOT_A_CALL'<|channel|>odd<|message|>x<|end|>' 'y'
          <|channel|>final<|message|>a<|end|><|start|>user<|message|>b~'a' NOT_A_CALL'<|start|>user<|message|>b'
          <|channel|>analysis<|message|>T<|start|>assistant<|channel|>final<|message|>y~?'T' 'y'
          <|channel|>ana~UNCLOSED'<|channel|>ana'
          <|channel|>final<|message|>a<|end|>stray~'a' NOT_A_CALL'stray'
          """)
  void harmony(String completion, String expected) {
    Setting setting = Setting.of(ToolFormat.HARMONY, ReasoningFormat.NONE);
    if (completion.contains("{\"a\":<|call|>")) {
      assertThat(Completions.everyCut(setting, completion)).isEqualTo(expected);
      assertThat(Completions.shown(setting.specialMarkers(), completion, List.of(completion)))
          .isEqualTo("f{\"a\":! UNCLOSED'<|call|>'");
    } else {
      check(setting, completion, expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\u0001',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          plain~'plain'
          BEGINCALLfunctionSEPf\\n```json\\n{"a": "`"}\\n```ENDEND_ALL~f{"a":"`"}
          I look.\\nBEGINCALLfunctionSEPf\\n```json\\n{}\\n```END\\nCALLfunctionSEPadd-2\\n```json\\n{"x": {}}\\n```ENDEND_ALL\\nx~'I look.' f{} add-2{"x":{}} 'x'
          BEGINCALLfSEP{"a": "b"}ENDCALLadd-2SEP{}ENDEND_ALL~f{"a":"b"} add-2{}
          BEGINCALLfSEP{"a": 1}~f{"a":1}
          BEGINCALLhSEP{"a": 1}ENDCALLfSEP{}ENDEND_ALL~UNKNOWN_TOOL'BEGINCALLhSEP' NOT_A_CALL'{"a": 1}' UNCLOSED'END' f{}
          BEGINCALLfunctionSEPh\\n```json\\n{}```ENDEND_ALL~UNKNOWN_TOOL'BEGINCALLfunctionSEPh\\n' NOT_A_CALL'```json\\n{}```' UNCLOSED'END'
          BEGINCALLfunctionSEPf\\n```yaml\\n{}~NOT_A_CALL'BEGINCALLfunctionSEPf\\n```yaml\\n{}'
          BEGINCALLfunctionSEP{"a": 1}END~UNKNOWN_TOOL'BEGINCALLfunctionSEP' NOT_A_CALL'{"a": 1}' UNCLOSED'END'
          BEGINCALLfSEP[1]ENDEND_ALL~BAD_ARGUMENTS'BEGINCALLfSEP[' NOT_A_CALL'1]' UNCLOSED'END'
          BEGINCALLfSEP{"a":~f{"a":! UNCLOSED
          BEGINtext~NOT_A_CALL'BEGINtext'
          BEGINCALLf~UNCLOSED'BEGINCALLf'
          BEGINCALLfSEP{}x~f{} NOT_A_CALL'x'
          """)
  void deepSeek(String completion, String expected) {
    check(
        Setting.of(ToolFormat.DEEPSEEK, ReasoningFormat.NONE),
        deepSeekTokens(completion),
        expected == null ? "" : deepSeekTokens(expected));
  }

  private static String deepSeekTokens(String text) {
    return text.replace("END_ALL", "<｜tool▁calls▁end｜>")
        .replace("BEGIN", DeepSeekMachine.CALLS)
        .replaceAll("CALL(f|h|add)", "<｜tool▁call▁begin｜>$1")
        .replace("SEP", "<｜tool▁sep｜>")
        .replace("END", "<｜tool▁call▁end｜>");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\u0001',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          <think>\\nFirst 😀\\nthen\\n</think>\\n\\nHi~?'First 😀\\nthen' 'Hi'
          <think>\\n\\n</think>\\n\\nHi~'Hi'
          \\n<think>a <b> </thin </think><tool_call>{"name":"f"}</tool_call>~?'a <b> </thin' f{}
          <think>I could <tool_call>{"name":"f"}</tool_call></think>no~?'I could <tool_call>{"name":"f"}</tool_call>' 'no'
          <tool_call>{"name":"f"}</tool_call>~f{}
          Hi <think>not at the start</think>~'Hi <think>not at the start</think>'
          <think>never closed ~?'never closed'
          <think>a</think>b</think>~?'a' 'b</think>'
          <think>~
          """)
  void reasoningThenCalls(String completion, String expected) {
    Setting setting = Setting.of(ToolFormat.HERMES, ReasoningFormat.THINK);
    String text = completion.replace("\\n", "\n");
    String parts = expected == null ? "" : expected.replace("\\n", "\n");
    assertThat(Completions.everyCut(setting, text)).isEqualTo(parts);
    assertThat(Completions.shown(setting.specialMarkers(), text, List.of(text))).isEqualTo(parts);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\u0001',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          \\nFirst\\n</think>\\nHi~?'First' 'Hi'
          <think>\\nFirst</think>Hi~?'First' 'Hi'
          </think>Hi~'Hi'
          no end~?'no end'
          """)
  void reasoningThatThePromptBegan(String completion, String expected) {
    check(
        Setting.of(ToolFormat.DEEPSEEK, ReasoningFormat.THINK).openReasoning(),
        completion,
        expected);
  }

  @Test
  void pythonEscapesBecomeJsonEscapes() {
    assertThat(
            Completions.everyCut(
                Setting.of(ToolFormat.LLAMA_PYTHONIC, ReasoningFormat.NONE),
                "[f(a='\\n\\t\\r\\b\\f\\'\\\"\\\\\\\n\n')]"))
        .isEqualTo("f{\"a\":\"\\n\\t\\r\\b\\f'\\\"\\\\\\n\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      textBlock =
          """
          HERMES        ~ <tool_call>{"name":"f"}</tool_call>
          LLAMA_JSON    ~ {"name":"f"}
          LLAMA_PYTHONIC~ [f()]
          MISTRAL       ~ [TOOL_CALLS][{"name":"f"}]
          DEEPSEEK      ~ <｜tool▁calls▁begin｜>
          NONE          ~ <tool_call>{"name":"f"}</tool_call>
          """)
  void everythingIsTextWhereNoToolWasOffered(ToolFormat format, String completion) {
    assertThat(
            Completions.everyCut(
                Setting.of(format, ReasoningFormat.NONE).offering(Set.of()), completion))
        .isEqualTo("'" + completion + "'");
  }
}
