package dev.outcrop.models.completion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.completion.Completions.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What holds of every completion, however odd: nothing is lost, cuts do not matter, little waits.
 */
final class CompletionFuzzTest {
  private static final int ROUNDS = 1_500;

  private static final List<String> WORDS =
      List.of(
          "{\"name\": \"f\", \"arguments\": {\"a\": 1}}",
          "{\"name\":\"add-2\",\"parameters\":{}}",
          "\"name\":\"f\"",
          "\"arguments\":",
          "{\"a\":[true,{\"b\":\"\\u00e9\\\"}\"}]}",
          "f(a=1, b='x')",
          "[f(",
          "f",
          "h",
          "function",
          "\n```json\n",
          "```",
          "assistant",
          "analysis",
          "commentary to=functions.f ",
          "final",
          "{",
          "}",
          "[",
          "]",
          "(",
          ")",
          "\"",
          "'",
          "\\",
          ",",
          ":",
          ";",
          " ",
          "\n",
          "1",
          "-0.5e",
          "null",
          "😀",
          "\ud83d",
          "é",
          "<",
          "text");

  private static String random(SplittableRandom random, List<String> markers) {
    StringBuilder text = new StringBuilder();
    for (int words = random.nextInt(14); words >= 0; words--) {
      if (!markers.isEmpty() && random.nextInt(3) == 0) {
        String marker = markers.get(random.nextInt(markers.size()));
        boolean half = random.nextInt(8) == 0;
        text.append(marker, 0, half ? random.nextInt(marker.length()) : marker.length());
      } else {
        text.append(WORDS.get(random.nextInt(WORDS.size())));
      }
    }
    return text.toString();
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsLostAndCutsDoNotMatter(ToolFormat format) {
    SplittableRandom random = new SplittableRandom(11);
    for (int round = 0; round < ROUNDS; round++) {
      Setting setting =
          Setting.of(format, random.nextBoolean() ? ReasoningFormat.THINK : ReasoningFormat.NONE);
      setting = random.nextInt(4) == 0 ? setting.openReasoning() : setting;
      setting = random.nextBoolean() ? setting.specialMarkers() : setting;
      List<String> markers = setting.vocabulary().stream().sorted().toList();
      String text = random(random, markers);

      String whole = Completions.shown(setting, text, List.of(text));

      List<String> pieces =
          setting.special()
              ? Completions.atMarkers(setting.vocabulary(), List.of(text))
              : List.of(text);
      List<String> cut = new ArrayList<>();
      for (String piece : pieces) {
        boolean keep = setting.special() && setting.vocabulary().contains(piece);
        for (int at = 0; at < piece.length(); ) {
          int end = keep ? piece.length() : Math.min(piece.length(), at + 1 + random.nextInt(5));
          cut.add(piece.substring(at, end));
          at = end;
        }
      }
      List<CompletionPart> parts = Completions.parse(setting, cut);
      assertThat(Completions.sources(parts)).as("round %d", round).isEqualTo(text);
      assertThat(Completions.notation(parts)).as("round %d: %s", round, text).isEqualTo(whole);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          HERMES~<tool_call>{"name":"f","arguments":~{"a": [1, {"s": "x}\\\\ y"}], "b": null}
          HERMES~<tool_call>{"name":"f","arguments":"~{\\"a\\": [1, 2]}
          LLAMA_JSON~{"name":"f","parameters":~{"a": [1, {"s": "x}\\\\ y"}], "b": null}
          LLAMA_PYTHONIC~[f(~a="some longer text", b=["x", "y"]
          MISTRAL~[TOOL_CALLS][{"name":"f","arguments":~{"a": [1, {"s": "x}\\\\ y"}], "b": null}
          MISTRAL~[TOOL_CALLS]f[ARGS]~{"a": [1, {"s": "x}\\\\ y"}], "b": null}
          HARMONY~<|channel|>commentary to=functions.f<|message|>~{"a": [1, {"s": "x}\\\\ y"}], "b": null}
          DEEPSEEK~<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>~{"a": [1, {"s": "x}\\\\ y"}], "b": null}
          """)
  void argumentsComeOutAsTheyComeIn(ToolFormat format, String head, String arguments) {
    CompletionParser parser = Setting.of(format, ReasoningFormat.NONE).parser();
    List<CompletionPart> parts = new ArrayList<>(parser.accept(head));
    for (int at = 0; at < arguments.length(); at++) {
      parts.addAll(parser.accept(arguments.substring(at, at + 1)));
      int waiting = head.length() + at + 1 - Completions.sources(parts).length();
      assertThat(waiting).as("characters that wait after %d", at + 1).isLessThanOrEqualTo(3);
    }
    assertThat(parts.stream().filter(CompletionPart.Arguments.class::isInstance).count())
        .isGreaterThan(arguments.length() / 2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          HERMES~<tool_call>~\s
          HERMES~<tool_call>{"name":"~x
          HERMES~<tool_call>{"x":~[
          HERMES~<tool_call>{"x":"~y
          HERMES~<tool_call>{"arguments":{"a":"~y
          HERMES~<tool_call>{"name":"f"}~\s
          HERMES~~\s
          LLAMA_JSON~~\s
          LLAMA_JSON~{"name":"~x
          LLAMA_JSON~<|python_tag|>~\s
          LLAMA_PYTHONIC~[~\s
          LLAMA_PYTHONIC~[~f
          LLAMA_PYTHONIC~[f(~\s
          LLAMA_PYTHONIC~[f(~a
          LLAMA_PYTHONIC~[f(a=~1
          LLAMA_PYTHONIC~[f()~\s
          MISTRAL~[TOOL_CALLS]~\s
          MISTRAL~[TOOL_CALLS]~f
          MISTRAL~[TOOL_CALLS]f~\s
          MISTRAL~[TOOL_CALLS]f[CALL_ID]~1
          MISTRAL~[TOOL_CALLS][{"name":"f"}~\s
          MISTRAL~[TOOL_CALLS]f[ARGS]~\s
          HARMONY~~\s
          HARMONY~<|channel|>~x
          HARMONY~<|channel|>commentary to=functions.f<|message|>~\s
          DEEPSEEK~<｜tool▁calls▁begin｜>~\s
          DEEPSEEK~<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>~f
          DEEPSEEK~<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>~f
          DEEPSEEK~<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>~\s
          """)
  void holdsBackLittleOfWhatNeverEnds(ToolFormat format, String head, String endless) {
    for (ReasoningFormat reasoning : List.of(ReasoningFormat.NONE, ReasoningFormat.THINK)) {
      CompletionParser parser = Setting.of(format, reasoning).parser();
      String start = head == null ? "" : head;
      long given = Completions.sources(parser.accept(start)).length();
      long taken = start.length();
      for (int times = 0; times < 400; times++) {
        String more = endless.repeat(100);
        given += Completions.sources(parser.accept(more)).length();
        taken += more.length();
        assertThat(taken - given).isLessThanOrEqualTo(Calls.MOST_HEAD + 100L);
      }
    }
  }
}
