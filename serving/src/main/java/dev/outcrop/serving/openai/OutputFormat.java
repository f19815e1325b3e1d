package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.json.Fields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what an answer has to look like: OpenAI's {@code response_format} and {@code text.format},
 * and vLLM's {@code structured_outputs} and {@code guided_*}.
 */
final class OutputFormat {
  private static final int MAX_PATTERN = 64 << 10;
  private static final int MAX_CHOICES = 10_000;
  private static final List<String> KINDS = List.of("json", "regex", "choice");

  private OutputFormat() {}

  /**
   * The constraint of a request, or null.
   *
   * @param calls what calls of tools have to look like, or null
   */
  static @Nullable Constraint read(Fields fields, Constraint.@Nullable ToolCall calls) {
    Constraint.Form found = null;
    Fields format = fields.objectOrNull("response_format");
    if (format != null) {
      found = only(fields, found, format(format, format.objectOrNull("json_schema")));
    }
    Fields structured = fields.objectOrNull("structured_outputs");
    for (String kind : KINDS) {
      if (structured != null) {
        found = only(fields, found, kind(structured, kind, kind));
      }
      found = only(fields, found, kind(fields, "guided_" + kind, kind));
    }
    if (structured != null) {
      structured.names().stream()
          .filter(name -> !KINDS.contains(name) && structured.has(name))
          .forEach(
              name -> {
                throw Fields.unsupported(
                    structured.path(name) + " is not supported by this server.");
              });
    }
    return Constraint.of(found, calls);
  }

  /** The constraint of a format whose schema is in itself, as a response has it, or null. */
  static @Nullable Constraint readFlat(
      @Nullable Fields format, Constraint.@Nullable ToolCall calls) {
    return Constraint.of(format == null ? null : format(format, format), calls);
  }

  private static Constraint.@Nullable Form format(Fields format, @Nullable Fields schema) {
    String type = format.string("type", 1, 64);
    return switch (type) {
      case "text" -> null;
      case "json_object" -> new Constraint.Json();
      case "json_schema" -> {
        if (schema == null || !schema.has("schema")) {
          throw format.bad("json_schema", "is required, with a schema");
        }
        schema.stringOrNull("name", 1, 64);
        yield new Constraint.JsonSchema(schema.object("schema").node().toString());
      }
      default ->
          throw Fields.unsupported(
              format.path("type") + " is only supported as text, json_object or json_schema.");
    };
  }

  private static Constraint.@Nullable Form kind(Fields fields, String name, String kind) {
    JsonNode value = fields.raw(name);
    if (value == null) {
      return null;
    }
    return switch (kind) {
      case "json" ->
          new Constraint.JsonSchema(
              value.isTextual()
                  ? fields.string(name, 1, MAX_PATTERN)
                  : fields.object(name).node().toString());
      case "regex" -> new Constraint.Regex(fields.string(name, 1, MAX_PATTERN));
      default -> new Constraint.Choice(fields.strings(name, MAX_CHOICES, 0, MAX_PATTERN));
    };
  }

  private static Constraint.@Nullable Form only(
      Fields fields, Constraint.@Nullable Form one, Constraint.@Nullable Form other) {
    if (one != null && other != null) {
      throw Fields.unsupported(
          fields.path("response_format")
              + ", structured_outputs and guided decoding exclude each other on this server.");
    }
    return one == null ? other : one;
  }
}
