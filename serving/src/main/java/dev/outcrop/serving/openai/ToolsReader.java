package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Reads tools and tool_choice. A tool of a chat completion has its function in a member, one of a
 * response is the function itself.
 */
final class ToolsReader {
  private final Json json;
  private final LimitsConfig limits;

  ToolsReader(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  /**
   * The tools of a request.
   *
   * @param calls what calls have to look like, or null
   */
  record Tools(List<ToolDefinition> definitions, Constraint.@Nullable ToolCall calls) {}

  /** Those of a chat completion. */
  Tools read(Fields fields) {
    return read(fields, tool -> tool.object("function"));
  }

  /** Those of a response. */
  Tools readFlat(Fields fields) {
    return read(fields, tool -> tool);
  }

  private Tools read(Fields fields, UnaryOperator<Fields> functionOf) {
    List<ToolDefinition> tools = new ArrayList<>();
    List<Constraint.Tool> described = new ArrayList<>();
    for (Fields tool : fields.objects("tools", limits.maxTools())) {
      String type = tool.stringOrNull("type", 1, 64);
      if (type != null && !type.equals("function")) {
        throw Fields.unsupported(
            tool.path("type") + " must be function: this server runs no tools itself.");
      }
      Fields function = functionOf.apply(tool);
      String name = RequestFields.toolName(function, "name");
      String description = function.stringOrNull("description", 0, limits.maxTextLength());
      Fields parameters = function.objectOrNull("parameters");
      described.add(
          new Constraint.Tool(
              name,
              parameters == null ? null : parameters.node().toString(),
              function.bool("strict", false)));
      tools.add(
          new ToolDefinition(
              name,
              description == null ? "" : description,
              parameters == null ? Map.of() : json.map(parameters.node())));
    }
    JsonNode choice = fields.raw("tool_choice");
    if (choice instanceof ObjectNode) {
      return new Tools(tools, named(fields.object("tool_choice"), functionOf, described));
    }
    return switch (choice == null ? "auto" : choice.asText()) {
      case "auto" -> new Tools(tools, Constraint.ToolCall.whereStrict(described));
      case "none" -> new Tools(List.of(), null);
      case "required" -> {
        if (tools.isEmpty()) {
          throw fields.bad("tool_choice", "needs tools to choose from");
        }
        yield new Tools(tools, new Constraint.ToolCall(true, described));
      }
      default -> throw fields.bad("tool_choice", "must be auto, none, required or a function");
    };
  }

  private static Constraint.ToolCall named(
      Fields choice, UnaryOperator<Fields> functionOf, List<Constraint.Tool> described) {
    if (!"function".equals(choice.string("type", 1, 64))) {
      throw Fields.unsupported(choice.path("type") + " is only supported as function.");
    }
    Fields function = functionOf.apply(choice);
    String name = RequestFields.toolName(function, "name");
    List<Constraint.Tool> chosen =
        described.stream().filter(tool -> tool.name().equals(name)).toList();
    if (chosen.isEmpty()) {
      throw function.bad("name", "must be that of a tool of this request");
    }
    return new Constraint.ToolCall(true, chosen);
  }
}
