package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

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

  /** Those of a chat completion. */
  List<ToolDefinition> read(Fields fields) {
    return read(fields, tool -> tool.object("function"));
  }

  /** Those of a response. */
  List<ToolDefinition> readFlat(Fields fields) {
    return read(fields, tool -> tool);
  }

  private List<ToolDefinition> read(Fields fields, UnaryOperator<Fields> functionOf) {
    List<ToolDefinition> tools = new ArrayList<>();
    for (Fields tool : fields.objects("tools", limits.maxTools())) {
      String type = tool.stringOrNull("type", 1, 64);
      if (type != null && !type.equals("function")) {
        throw Fields.unsupported(
            tool.path("type") + " must be function: this server runs no tools itself.");
      }
      Fields function = functionOf.apply(tool);
      String name = RequestFields.toolName(function, "name");
      if (function.bool("strict", false)) {
        throw Fields.unsupported(function.path("strict") + " is not supported by this server.");
      }
      String description = function.stringOrNull("description", 0, limits.maxTextLength());
      Fields parameters = function.objectOrNull("parameters");
      tools.add(
          new ToolDefinition(
              name,
              description == null ? "" : description,
              parameters == null ? Map.of() : json.map(parameters.node())));
    }
    JsonNode choice = fields.raw("tool_choice");
    if (choice == null || "auto".equals(choice.textValue())) {
      return tools;
    }
    if ("none".equals(choice.textValue())) {
      return List.of();
    }
    if (choice.isTextual() || choice instanceof ObjectNode) {
      throw Fields.unsupported("tool_choice is only supported as auto or none.");
    }
    throw fields.bad("tool_choice", "must be a string or an object");
  }
}
