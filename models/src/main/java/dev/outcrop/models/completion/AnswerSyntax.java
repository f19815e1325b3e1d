package dev.outcrop.models.completion;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.grammar.Syntax;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What a completion of a model looks like that has to give a certain answer or call tools: its
 * reasoning first, as long as it likes, then the answer or the calls in the model's own writing.
 * Called on request threads.
 */
public final class AnswerSyntax {
  private static final Syntax BLANK = new Syntax.Regex("[ \\n]{0,4}");
  private static final Syntax NOTHING = new Syntax.Literal("");
  private static final Syntax CHANNEL = new Syntax.Marker("<|channel|>");
  private static final Syntax MESSAGE = new Syntax.Marker("<|message|>");
  private static final Syntax JSON_HINT =
      new Syntax.AnyOf(
          List.of(
              NOTHING,
              Syntax.of(
                  new Syntax.Literal(" "),
                  new Syntax.Marker("<|constrain|>"),
                  new Syntax.Literal("json"))));

  private final CompletionFormat format;
  private final boolean reasoningIsOpen;

  /**
   * Prepares for one completion.
   *
   * @param reasoningIsOpen whether the prompt ends inside the reasoning
   */
  public AnswerSyntax(CompletionFormat format, boolean reasoningIsOpen) {
    this.format = format;
    this.reasoningIsOpen = reasoningIsOpen;
  }

  /**
   * A tool that may be called.
   *
   * @param arguments the JSON object that its arguments have to be
   */
  public record Tool(String name, Syntax arguments) {}

  /** An answer and nothing else. */
  public Syntax answer(Syntax answer) {
    return completion(harmonyMessage("final", answer), answer);
  }

  /** One call or several. */
  public Syntax calls(List<Tool> tools) {
    return completion(
        harmonyCall(tools), format.tools() == ToolFormat.HARMONY ? NOTHING : plainCalls(tools));
  }

  /** An answer, or calls. */
  public Syntax answerOrCalls(Syntax answer, List<Tool> tools) {
    boolean harmony = format.tools() == ToolFormat.HARMONY;
    return completion(
        new Syntax.AnyOf(List.of(harmonyMessage("final", answer), harmonyCall(tools))),
        harmony ? NOTHING : new Syntax.AnyOf(List.of(answer, plainCalls(tools))));
  }

  /** Any text with any calls in it, as long as they are calls of these tools. */
  public Syntax textAndCalls(List<Tool> tools) {
    Syntax any = new Syntax.Text(List.of());
    Syntax plain =
        switch (format.tools()) {
          case HARMONY -> NOTHING;
          case HERMES ->
              Syntax.of(
                  new Syntax.Text(List.of("<tool_call>")),
                  new Syntax.Repeat(Syntax.of(hermesCall(tools), BLANK)));
          case MISTRAL, DEEPSEEK ->
              Syntax.of(
                  new Syntax.Text(List.of(marker())),
                  new Syntax.AnyOf(List.of(NOTHING, plainCalls(tools))));
          // An answer that begins like a call is one.
          case LLAMA_JSON ->
              new Syntax.AnyOf(List.of(plainCalls(tools), new Syntax.Regex("([^\\s{][\\s\\S]*)?")));
          case LLAMA_PYTHONIC, NONE -> throw unsupported();
        };
    return completion(
        new Syntax.AnyOf(List.of(harmonyMessage("final", any), harmonyCall(tools))), plain);
  }

  private String marker() {
    return format.tools() == ToolFormat.DEEPSEEK ? DeepSeekMachine.CALLS : "[TOOL_CALLS]";
  }

  private Syntax completion(Syntax harmony, Syntax plain) {
    if (format.tools() == ToolFormat.HARMONY) {
      Syntax thought =
          Syntax.of(
              harmonyMessage("analysis", new Syntax.Text(List.of("<|end|>"))),
              new Syntax.Marker("<|end|>"),
              new Syntax.Marker("<|start|>"),
              new Syntax.Literal("assistant"));
      return Syntax.of(new Syntax.Repeat(thought), harmony);
    }
    ReasoningFormat.Tags tags = format.reasoning().tags();
    if (tags == null) {
      return plain;
    }
    Syntax thought =
        Syntax.of(
            new Syntax.Text(List.of(tags.close())), new Syntax.Marker(tags.close()), BLANK, plain);
    return reasoningIsOpen
        ? thought
        : new Syntax.AnyOf(List.of(plain, Syntax.of(new Syntax.Marker(tags.open()), thought)));
  }

  private static Syntax harmonyMessage(String channel, Syntax body) {
    return Syntax.of(CHANNEL, new Syntax.Literal(channel), JSON_HINT, MESSAGE, body);
  }

  private static Syntax harmonyCall(List<Tool> tools) {
    return any(
        tools, tool -> harmonyMessage("commentary to=functions." + tool.name(), tool.arguments()));
  }

  private Syntax plainCalls(List<Tool> tools) {
    return switch (format.tools()) {
      case HERMES -> several(hermesCall(tools), new Syntax.Literal("\n"));
      case LLAMA_JSON -> several(object(tools, "parameters"), new Syntax.Literal("; "));
      case MISTRAL -> {
        Syntax list =
            Syntax.of(
                new Syntax.Literal("["),
                several(object(tools, "arguments"), new Syntax.Literal(", ")),
                new Syntax.Literal("]"));
        Syntax named =
            any(
                tools,
                tool ->
                    Syntax.of(
                        new Syntax.Literal(tool.name()),
                        new Syntax.Marker("[ARGS]"),
                        tool.arguments()));
        yield Syntax.of(new Syntax.Marker("[TOOL_CALLS]"), new Syntax.AnyOf(List.of(list, named)));
      }
      case DEEPSEEK ->
          Syntax.of(
              new Syntax.Marker(DeepSeekMachine.CALLS),
              several(deepSeekCall(tools), new Syntax.Literal("\n")),
              new Syntax.Marker(DeepSeekMachine.CALLS_END));
      case HARMONY, LLAMA_PYTHONIC, NONE -> throw unsupported();
    };
  }

  private static Syntax hermesCall(List<Tool> tools) {
    return Syntax.of(
        new Syntax.Marker("<tool_call>"),
        new Syntax.Literal("\n"),
        object(tools, "arguments"),
        new Syntax.Literal("\n"),
        new Syntax.Marker("</tool_call>"));
  }

  private static Syntax deepSeekCall(List<Tool> tools) {
    Syntax call =
        any(
            tools,
            tool ->
                new Syntax.AnyOf(
                    List.of(
                        Syntax.of(
                            new Syntax.Literal("function"),
                            new Syntax.Marker(DeepSeekMachine.SEPARATOR),
                            new Syntax.Literal(tool.name() + "\n```json\n"),
                            tool.arguments(),
                            new Syntax.Literal("\n```")),
                        Syntax.of(
                            new Syntax.Literal(tool.name()),
                            new Syntax.Marker(DeepSeekMachine.SEPARATOR),
                            tool.arguments()))));
    return Syntax.of(
        new Syntax.Marker(DeepSeekMachine.CALL), call, new Syntax.Marker(DeepSeekMachine.CALL_END));
  }

  private static Syntax object(List<Tool> tools, String arguments) {
    return any(
        tools,
        tool ->
            Syntax.of(
                new Syntax.Literal("{\"name\": \"%s\", \"%s\": ".formatted(tool.name(), arguments)),
                tool.arguments(),
                new Syntax.Literal("}")));
  }

  private static Syntax several(Syntax one, Syntax between) {
    return Syntax.of(one, new Syntax.Repeat(Syntax.of(between, one)));
  }

  private static Syntax any(List<Tool> tools, Function<Tool, Syntax> each) {
    List<Syntax> all = new ArrayList<>();
    tools.forEach(tool -> all.add(each.apply(tool)));
    return new Syntax.AnyOf(all);
  }

  private static OutcropException unsupported() {
    return new OutcropException(
        ModelError.GRAMMAR_REFUSED,
        "This model writes tool calls in a way that cannot be enforced; leave the tool choice to the"
            + " model and strict out.");
  }
}
