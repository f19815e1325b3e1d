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

/** Reads tools and tool_choice of a chat completion request. */
final class ToolsReader {
  private final Json json;
  private final LimitsConfig limits;

  ToolsReader(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  List<ToolDefinition> read(Fields fields) {
    List<ToolDefinition> tools = new ArrayList<>();
    for (Fields tool : fields.objects("tools", limits.maxTools())) {
      tool.choiceOrNull("type", List.of("function"));
      Fields function = tool.object("function");
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
