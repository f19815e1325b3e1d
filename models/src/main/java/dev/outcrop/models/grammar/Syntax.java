package dev.outcrop.models.grammar;

import java.util.List;

/**
 * What a completion has to look like, in words that know no tokens. Whoever offers constrained
 * answers puts it together; {@link GrammarCompiler} makes a grammar of it for one vocabulary.
 */
public sealed interface Syntax {
  /** A fixed text. */
  record Literal(String text) implements Syntax {
    /** Redacted: it may be the caller's. */
    @Override
    public String toString() {
      return "Literal[characters=%d]".formatted(text.length());
    }
  }

  /** A control token, or where the vocabulary has none of this spelling, the same as text. */
  record Marker(String token) implements Syntax {}

  /** Any text, the empty one as well, that holds none of some words. */
  record Text(List<String> without) implements Syntax {
    /** Copies the list. */
    public Text {
      without = List.copyOf(without);
    }
  }

  /** White space as it stands between the elements of JSON, or none. */
  record Space() implements Syntax {}

  /**
   * A JSON value after a JSON Schema.
   *
   * @param schema the schema's text
   * @param object whether the value has to be an object, whatever the schema says
   */
  record JsonSchema(String schema, boolean object) implements Syntax {
    /** Any value that the schema allows. */
    public JsonSchema(String schema) {
      this(schema, false);
    }

    /** Redacted: a schema is the caller's. */
    @Override
    public String toString() {
      return "JsonSchema[characters=%d]".formatted(schema.length());
    }
  }

  /** Any JSON object. */
  record Json() implements Syntax {}

  /** A text that a regular expression matches as a whole. */
  record Regex(String pattern) implements Syntax {
    /** Redacted: a pattern is the caller's. */
    @Override
    public String toString() {
      return "Regex[characters=%d]".formatted(pattern.length());
    }
  }

  /** One of some texts. */
  record Choice(List<String> texts) implements Syntax {
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

  /** One after the other. */
  record Sequence(List<Syntax> parts) implements Syntax {
    /** Copies the list. */
    public Sequence {
      parts = List.copyOf(parts);
    }
  }

  /** Any of these. */
  record AnyOf(List<Syntax> choices) implements Syntax {
    /** Copies the list. */
    public AnyOf {
      choices = List.copyOf(choices);
    }
  }

  /** One and the same as often as one likes, each not empty. */
  record Repeat(Syntax inner) implements Syntax {}

  /** One syntax where it can be enforced, else another, which always can. */
  record IfPossible(Syntax wanted, Syntax otherwise) implements Syntax {}

  /** Some parts one after the other. */
  static Syntax of(Syntax... parts) {
    return parts.length == 1 ? parts[0] : new Sequence(List.of(parts));
  }
}
