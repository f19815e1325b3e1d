package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.completion.AnswerSyntax;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.completion.CompletionPart;
import dev.outcrop.models.completion.ReasoningFormat;
import dev.outcrop.models.completion.ToolFormat;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What may be generated in each family's writing is what its parser reads. */
final class AnswerSyntaxTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final String SCHEMA =
      "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9},"
          + "\"s\":{\"enum\":[\"a\",\"b\\\"c\"]}},\"required\":[\"n\",\"s\"],\"additionalProperties\":false}";
  private static final List<AnswerSyntax.Tool> TOOLS =
      List.of(
          new AnswerSyntax.Tool("first", new Syntax.JsonSchema(SCHEMA, true)),
          new AnswerSyntax.Tool("second-2", new Syntax.JsonSchema(SCHEMA, true)));
  private static Walker walker;

  @BeforeAll
  static void open() {
    walker = new Walker("llama3");
  }

  @AfterAll
  static void close() {
    walker.close();
  }

  private record Call(String name, JsonNode arguments) {}

  private record Read(String text, String reasoning, List<Call> calls, boolean malformed) {}

  private static Read read(CompletionFormat format, String completion, boolean open)
      throws Exception {
    CompletionParser parser = format.parser(Set.of("first", "second-2"), open, _ -> false);
    List<CompletionPart> parts = new ArrayList<>(parser.accept(completion));
    parts.addAll(parser.finish());
    StringBuilder text = new StringBuilder();
    StringBuilder reasoning = new StringBuilder();
    StringBuilder arguments = new StringBuilder();
    List<Call> calls = new ArrayList<>();
    boolean malformed = false;
    String name = "";
    for (CompletionPart part : parts) {
      switch (part) {
        case CompletionPart.Text(var more) -> text.append(more);
        case CompletionPart.Reasoning(var more) -> reasoning.append(more);
        case CompletionPart.CallStart(var called, _, _) -> {
          name = called;
          arguments.setLength(0);
        }
        case CompletionPart.Arguments(var more, _) -> arguments.append(more);
        case CompletionPart.CallEnd _ ->
            calls.add(new Call(name, MAPPER.readTree(arguments.toString())));
        case CompletionPart.Malformed _ -> malformed = true;
        case CompletionPart.Syntax _ -> {}
      }
    }
    return new Read(text.toString(), reasoning.toString(), calls, malformed);
  }

  private static void check(Read read) {
    assertThat(read.malformed()).isFalse();
    for (Call call : read.calls()) {
      assertThat(call.name()).isIn("first", "second-2");
      assertThat(call.arguments().path("n").asInt()).isBetween(1, 9);
      assertThat(call.arguments().path("s").asText()).isIn("a", "b\"c");
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NONE", "LLAMA_PYTHONIC", "HARMONY"})
  void requiredCallsAreCallsAndNothingElse(ToolFormat tools) throws Exception {
    CompletionFormat format = new CompletionFormat(tools, ReasoningFormat.NONE);
    for (int run = 0; run < 25; run++) {
      String text = walker.generate(new AnswerSyntax(format, false).calls(TOOLS), new Random(run));
      Read read = read(format, text, false);
      check(read);
      assertThat(read.calls()).as(text).isNotEmpty();
      assertThat(read.text()).as(text).isBlank();
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NONE", "LLAMA_PYTHONIC", "HARMONY"})
  void callsAmongTextAreRightWhereverTheyCome(ToolFormat tools) throws Exception {
    CompletionFormat format = new CompletionFormat(tools, ReasoningFormat.NONE);
    for (int run = 0; run < 25; run++) {
      Syntax syntax = new AnswerSyntax(format, false).textAndCalls(TOOLS);
      String text = walker.generate(syntax, new Random(run));
      check(read(format, text, false));
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NONE", "LLAMA_PYTHONIC", "HARMONY"})
  void anAnswerOrCallsAreEitherWhole(ToolFormat tools) throws Exception {
    CompletionFormat format = new CompletionFormat(tools, ReasoningFormat.NONE);
    Syntax answer = new Syntax.Choice(List.of("[1,2]", "[3]"));
    for (int run = 0; run < 25; run++) {
      String text =
          walker.generate(
              new AnswerSyntax(format, false).answerOrCalls(answer, TOOLS), new Random(run));
      Read read = read(format, text, false);
      check(read);
      assertThat(read.calls().isEmpty()).as(text).isEqualTo(!read.text().isBlank());
      if (read.calls().isEmpty()) {
        assertThat(read.text()).isIn("[1,2]", "[3]");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NONE"})
  void theAnswerBeginsBehindTheReasoning(ReasoningFormat reasoning) throws Exception {
    CompletionFormat format = new CompletionFormat(ToolFormat.HERMES, reasoning);
    Syntax answer = new Syntax.Choice(List.of("yes", "no"));
    boolean thought = false;
    for (int run = 0; run < 40; run++) {
      boolean open = run % 2 == 0;
      Syntax syntax = new AnswerSyntax(format, open).answer(answer);
      // Random tokens do not end the reasoning by themselves: it is followed by hand.
      String opening = reasoning == ReasoningFormat.THINK ? "<think>" : "[THINK]";
      String closing = opening.replace("<", "</").replace("[", "[/");
      Grammar grammar = walker.compiler.compile(syntax);
      Position at = grammar.start().position();
      String written =
          open ? "hm {\n" + closing + "\n\n" : run % 4 == 1 ? "" : opening + "hm" + closing;
      at = at.accept(written.getBytes(StandardCharsets.UTF_8));
      for (String word : List.of("yes", "no")) {
        assertThat(at.accept(word.getBytes(StandardCharsets.UTF_8)).isEnd()).isTrue();
      }
      assertThat(at.accept("maybe".getBytes(StandardCharsets.UTF_8)).isDead()).isTrue();
      Read read = read(format, written + "yes", open);
      assertThat(read.text()).isEqualTo("yes");
      thought |= !read.reasoning().isEmpty();
    }
    assertThat(thought).isTrue();
  }

  @Test
  void harmonyThinksInOneChannelAndCallsInAnother() throws Exception {
    CompletionFormat format = new CompletionFormat(ToolFormat.HARMONY, ReasoningFormat.NONE);
    AnswerSyntax syntax = new AnswerSyntax(format, false);
    String thought = "<|channel|>analysis<|message|>{hm<|end|><|start|>assistant";
    String call =
        "<|channel|>commentary to=functions.first <|constrain|>json<|message|>{\"n\": 3, \"s\": \"a\"}";
    String answer = "<|channel|>final<|message|>yes";
    for (String before : List.of("", thought, thought + thought)) {
      assertThat(accepts(syntax.calls(TOOLS), before + call)).isTrue();
      assertThat(accepts(syntax.calls(TOOLS), before + answer)).isFalse();
      assertThat(accepts(syntax.calls(TOOLS), before + call.replace("3", "30"))).isFalse();
      assertThat(accepts(syntax.calls(TOOLS), before + call.replace("first", "third"))).isFalse();
      assertThat(accepts(syntax.textAndCalls(TOOLS), before + answer)).isTrue();
      assertThat(accepts(syntax.textAndCalls(TOOLS), before + call)).isTrue();
      Syntax yes = new Syntax.Choice(List.of("yes"));
      assertThat(accepts(syntax.answer(yes), before + answer)).isTrue();
      assertThat(accepts(syntax.answer(yes), before + call)).isFalse();
      assertThat(accepts(syntax.answerOrCalls(yes, TOOLS), before + call)).isTrue();
      Read read = read(format, before + call, false);
      check(read);
      assertThat(read.calls()).hasSize(1);
    }
  }

  private static boolean accepts(Syntax syntax, String text) {
    Position start = walker.compiler.compile(syntax).start().position();
    return start.accept(text.getBytes(StandardCharsets.UTF_8)).isEnd();
  }

  @Test
  void formatsThatCannotBeEnforcedAreRefused() {
    for (ToolFormat tools : List.of(ToolFormat.NONE, ToolFormat.LLAMA_PYTHONIC)) {
      AnswerSyntax syntax =
          new AnswerSyntax(new CompletionFormat(tools, ReasoningFormat.NONE), false);
      assertThatThrownBy(() -> syntax.calls(TOOLS))
          .isInstanceOf(OutcropException.class)
          .hasMessageContaining("cannot be enforced");
    }
  }
}
