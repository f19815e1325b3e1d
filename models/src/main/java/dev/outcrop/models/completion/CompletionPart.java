package dev.outcrop.models.completion;

import org.jspecify.annotations.Nullable;

/**
 * A piece of a completion. The sources of all pieces, one after the other, are the completion:
 * nothing is lost, whatever the model wrote.
 */
public sealed interface CompletionPart {
  /** The characters of the completion that this piece stands for. */
  String source();

  /** Text for the user. */
  record Text(String text) implements CompletionPart {
    @Override
    public String source() {
      return text;
    }

    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Text[characters=%d]".formatted(text.length());
    }
  }

  /** What the model thought before its answer. */
  record Reasoning(String text) implements CompletionPart {
    @Override
    public String source() {
      return text;
    }

    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Reasoning[characters=%d]".formatted(text.length());
    }
  }

  /**
   * A call of a tool that was offered begins. {@link Arguments} follow, then {@link CallEnd}; a
   * {@link Malformed} in place of the end tells that the call is broken.
   *
   * @param name the tool
   * @param id the call's id where the model wrote one before the arguments; models repeat theirs
   */
  record CallStart(String name, @Nullable String id, String source) implements CompletionPart {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "CallStart[]";
    }
  }

  /**
   * More of the arguments of the open call.
   *
   * @param json a fragment of a JSON object; all fragments of a call that ends are a valid one
   */
  record Arguments(String json, String source) implements CompletionPart {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Arguments[characters=%d]".formatted(json.length());
    }
  }

  /** The open call is whole. */
  record CallEnd(String source) implements CompletionPart {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "CallEnd[]";
    }
  }

  /**
   * Text that was meant as a call or as a part of the format, but is none. Empty where the
   * completion ended inside a call.
   */
  record Malformed(String text, Fault fault) implements CompletionPart {
    @Override
    public String source() {
      return text;
    }

    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Malformed[characters=%d, fault=%s]".formatted(text.length(), fault);
    }
  }

  /** Characters of the format itself and white space around calls, for nobody to see. */
  record Syntax(String source) implements CompletionPart {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Syntax[characters=%d]".formatted(source.length());
    }
  }

  /** What is wrong with a malformed part. */
  enum Fault {
    /** It does not have the form of a call. */
    NOT_A_CALL,
    /** It calls a tool that was not offered. */
    UNKNOWN_TOOL,
    /** The arguments are not a valid object. */
    BAD_ARGUMENTS,
    /** The completion, or its message, ended inside it. */
    UNCLOSED,
    /** What comes before the arguments is longer than any call's. */
    TOO_LONG
  }
}
