package dev.outcrop.serving.generate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an answer has to look like; tokens that would break it cannot come. */
public sealed interface Constraint {
  /**
   * What holds where both an answer's form and calls are asked for. Where the caller forces a call
   * there is no answer that could have a form.
   */
  static @Nullable Constraint of(@Nullable Form form, @Nullable ToolCall calls) {
    if (form == null || calls == null) {
      return form == null ? calls : form;
    }
    return calls.required() ? calls : new AnswerOrCalls(form, calls);
  }

  /** What the answer itself looks like. Tools that are offered may be called in its place. */
  sealed interface Form extends Constraint {}

  /** A JSON value after a JSON Schema, given as text. */
  record JsonSchema(String schema) implements Form {
    /** Redacted: a schema is the caller's. */
    @Override
    public String toString() {
      return "JsonSchema[characters=%d]".formatted(schema.length());
    }
  }

  /** Any JSON object. */
  record Json() implements Form {}

  /** A text that a regular expression matches as a whole. */
  record Regex(String pattern) implements Form {
    /** Redacted: a pattern is the caller's. */
    @Override
    public String toString() {
      return "Regex[characters=%d]".formatted(pattern.length());
    }
  }

  /** One of some texts. */
  record Choice(List<String> texts) implements Form {
    /** Copies the list. */
    public Choice {
      texts = List.copyOf(texts);
    }

    /** Redacted: the texts are the caller's. */
    @Override
    public String toString() {
      return "Choice[texts=%d]".formatted(texts.size());
    }
  }

  /** An answer, or in its place calls that the model decides on. */
  record AnswerOrCalls(Form answer, ToolCall calls) implements Constraint {}

  /**
   * Calls of tools.
   *
   * @param required whether there has to be a call, and nothing else
   * @param tools the tools that may be called
   */
  record ToolCall(boolean required, List<Tool> tools) implements Constraint {
    /** Copies the list. */
    public ToolCall {
      tools = List.copyOf(tools);
    }

    /** Calls that the model decides on; null where none of the tools is strict. */
    public static @Nullable ToolCall whereStrict(List<Tool> tools) {
      return tools.stream().anyMatch(Tool::strict) ? new ToolCall(false, tools) : null;
    }
  }

  /**
   * A tool that may be called.
   *
   * @param schema the JSON Schema of its arguments, or null for any object
   * @param strict whether the schema has to be enforced; else it is where it can be
   */
  record Tool(String name, @Nullable String schema, boolean strict) {
    /** Redacted: a schema is the caller's. */
    @Override
    public String toString() {
      return "Tool[strict=%s]".formatted(strict);
    }
  }
}
