package dev.outcrop.serving.generate;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.completion.AnswerSyntax;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.grammar.GrammarCompiler;
import dev.outcrop.models.grammar.Syntax;
import dev.outcrop.models.text.ToolDefinition;
import java.util.List;

/**
 * Turns constraints into what the engine asks before each token. Compiling runs on the thread of
 * the request. Safe for any thread.
 */
public final class Constraints {
  private final GrammarCompiler compiler;

  /** Constraints for the vocabulary of a compiler. */
  public Constraints(GrammarCompiler compiler) {
    this.compiler = compiler;
  }

  /**
   * The constraint of one completion.
   *
   * @param input what the completion goes on from: the tools of a conversation may be called
   *     besides, and the completion of a prompt that the caller wrote is nothing but the answer
   * @param reasoningIsOpen whether the prompt ends inside the reasoning
   * @throws OutcropException where it cannot be enforced
   */
  public TokenConstraint of(
      Constraint constraint,
      CompletionFormat format,
      Generation.Input input,
      boolean reasoningIsOpen) {
    List<AnswerSyntax.Tool> offered =
        switch (input) {
          case Generation.Chat chat -> chat.tools().stream().map(Constraints::anyCall).toList();
          case Generation.Text _, Generation.Tokens _ -> List.of();
        };
    AnswerSyntax syntax =
        new AnswerSyntax(
            input instanceof Generation.Chat ? format : CompletionFormat.PLAIN, reasoningIsOpen);
    return compiler
        .compile(
            switch (constraint) {
              case Constraint.Form form when offered.isEmpty() -> syntax.answer(answer(form));
              case Constraint.Form form -> syntax.answerOrCalls(answer(form), offered);
              case Constraint.AnswerOrCalls(var form, var calls) ->
                  syntax.answerOrCalls(answer(form), tools(calls));
              case Constraint.ToolCall calls ->
                  calls.required() ? syntax.calls(tools(calls)) : syntax.textAndCalls(tools(calls));
            })
        .constraint();
  }

  private static Syntax answer(Constraint.Form form) {
    return switch (form) {
      case Constraint.JsonSchema(var schema) ->
          Syntax.of(new Syntax.Space(), new Syntax.JsonSchema(schema));
      case Constraint.Json _ -> Syntax.of(new Syntax.Space(), new Syntax.Json());
      case Constraint.Regex(var pattern) -> new Syntax.Regex(pattern);
      case Constraint.Choice(var texts) -> new Syntax.Choice(texts);
    };
  }

  private static AnswerSyntax.Tool anyCall(ToolDefinition tool) {
    return new AnswerSyntax.Tool(tool.name(), new Syntax.Json());
  }

  private static List<AnswerSyntax.Tool> tools(Constraint.ToolCall calls) {
    return calls.tools().stream().map(Constraints::tool).toList();
  }

  private static AnswerSyntax.Tool tool(Constraint.Tool tool) {
    String schema = tool.schema();
    if (schema == null) {
      return new AnswerSyntax.Tool(tool.name(), new Syntax.Json());
    }
    Syntax arguments = new Syntax.JsonSchema(schema, true);
    // Schemas that nobody wants enforced may have any words.
    return new AnswerSyntax.Tool(
        tool.name(),
        tool.strict() ? arguments : new Syntax.IfPossible(arguments, new Syntax.Json()));
  }
}
