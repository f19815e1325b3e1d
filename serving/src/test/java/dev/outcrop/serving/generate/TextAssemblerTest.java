package dev.outcrop.serving.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.TokenEvent;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.ReasoningFormat;
import dev.outcrop.models.completion.ToolFormat;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.testing.ByteText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TextAssemblerTest {
  private final ByteText text = new ByteText();
  private final List<GenerationEvent> events = new ArrayList<>();

  private TextAssembler assembler(Generation.Input input, String... stops) {
    return new TextAssembler(
        text,
        new Generation(input, 0, Sampling.GREEDY, List.of(stops)),
        text.reasoningIsOpen,
        () -> "id");
  }

  private static Generation.Input chat(String... tools) {
    return new Generation.Chat(
        List.of(ChatMessage.of("user", "?")),
        List.of(tools).stream().map(name -> new ToolDefinition(name, "", Map.of())).toList(),
        Map.of());
  }

  private void feed(TextAssembler assembler, String completion) {
    for (int id : ByteText.bytes(completion)) {
      feed(assembler, id);
    }
  }

  private void feed(TextAssembler assembler, int id) {
    assembler.add(new TokenEvent.Token(id, 0, new int[0], new float[0], 0), events);
  }

  private String blocks() {
    StringBuilder shown = new StringBuilder();
    for (AnswerBlock block : AnswerBlock.of(events)) {
      shown.append(
          switch (block) {
            case AnswerBlock.Text(var plain) -> "'" + plain + "'";
            case AnswerBlock.Reasoning(var thought) -> "?" + thought + "?";
            case AnswerBlock.Call(_, var name, var arguments) -> name + arguments;
          });
    }
    return shown.toString();
  }

  @Test
  void readsControlTokensThatHaveNoText() {
    text.format = new CompletionFormat(ToolFormat.MISTRAL, ReasoningFormat.NONE);
    text.controlTokens = List.of("[TOOL_CALLS]", "[ARGS]", "[INST]");
    TextAssembler assembler = assembler(chat("f"));

    feed(assembler, "Hm");
    feed(assembler, text.control("[INST]"));
    feed(assembler, ".");
    feed(assembler, text.control("[TOOL_CALLS]"));
    feed(assembler, "f");
    feed(assembler, text.control("[ARGS]"));
    feed(assembler, "{\"a\": 1}");
    assembler.finish(events);

    assertThat(blocks()).isEqualTo("'Hm.'f{\"a\": 1}");
    assertThat(assembler.endOfTurn()).isEqualTo(GenerationEvent.Reason.TOOL_CALLS);
  }

  @Test
  void aControlTokenEndsACharacterAndAStopStringThatAreNotWhole() {
    text.format = new CompletionFormat(ToolFormat.MISTRAL, ReasoningFormat.NONE);
    text.controlTokens = List.of("[TOOL_CALLS]");
    TextAssembler assembler = assembler(chat("f"), "STOP");

    feed(assembler, "a ST");
    feed(assembler, 0xc3);
    feed(assembler, text.control("[TOOL_CALLS]"));
    feed(assembler, "OP");
    assembler.finish(events);

    assertThat(blocks()).isEqualTo("'a ST\ufffd[TOOL_CALLS]OP'");
    assertThat(assembler.stopString()).isNull();
    assertThat(assembler.endOfTurn()).isEqualTo(GenerationEvent.Reason.MALFORMED_CALL);
  }

  @Test
  void aCallThatWasCutOffIsTextAsAWhole() {
    TextAssembler assembler = assembler(chat("f"));

    feed(assembler, "x <tool_call>{\"name\":\"f\",\"arguments\":{\"a\": 1");
    assembler.finish(events);

    assertThat(events).anyMatch(GenerationEvent.ToolArguments.class::isInstance);
    assertThat(blocks()).isEqualTo("'x <tool_call>{\"name\":\"f\",\"arguments\":{\"a\": 1'");
    assertThat(assembler.endOfTurn()).isEqualTo(GenerationEvent.Reason.MALFORMED_CALL);
  }

  @Test
  void aStopStringLeavesTheCallsBeforeIt() {
    TextAssembler assembler = assembler(chat("f"), "STOP");

    feed(assembler, "<tool_call>{\"name\":\"f\"}</tool_call> STOP");
    assembler.finish(events);

    assertThat(assembler.stopString()).isEqualTo("STOP");
    assertThat(blocks()).isEqualTo("f{}");
  }

  @Test
  void aCallOfAnotherToolIsText() {
    TextAssembler assembler = assembler(chat("f"));

    feed(assembler, "<tool_call>{\"name\":\"g\"}</tool_call>");
    assembler.finish(events);

    assertThat(blocks()).isEqualTo("'<tool_call>{\"name\":\"g\"}</tool_call>'");
    assertThat(assembler.endOfTurn()).isEqualTo(GenerationEvent.Reason.MALFORMED_CALL);
  }

  @Test
  void goesOnWithReasoningThatThePromptBegan() {
    text.reasoningIsOpen = true;
    TextAssembler assembler = assembler(chat());

    feed(assembler, "Hm.</think>Hi");
    assembler.finish(events);

    assertThat(blocks()).isEqualTo("?Hm.?'Hi'");
    assertThat(assembler.endOfTurn()).isEqualTo(GenerationEvent.Reason.END);
  }

  @Test
  void aPromptThatItsCallerWroteHasTextAlone() {
    TextAssembler assembler = assembler(new Generation.Text("p"));

    feed(assembler, "<think>a</think><tool_call>{\"name\":\"f\"}</tool_call>");
    assembler.finish(events);

    assertThat(blocks()).isEqualTo("'<think>a</think><tool_call>{\"name\":\"f\"}</tool_call>'");
  }
}
