package dev.outcrop.serving.anthropic;

import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads tools and tool_choice of a Messages request. Used for one request. */
final class ToolsReader {
  private static final int MAX_NAME = 128;

  private final Json json;
  private final LimitsConfig limits;
  private boolean cacheControl;

  ToolsReader(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  /** Whether a tool that was read has a cache_control. */
  boolean cacheControl() {
    return cacheControl;
  }

  List<ToolDefinition> read(Fields fields) {
    List<ToolDefinition> tools = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Fields tool : fields.objects("tools", limits.maxTools())) {
      tools.add(tool(tool));
      if (!names.add(tools.getLast().name())) {
        throw Fields.invalid("tools: Tool names must be unique.");
      }
    }
    return offered(fields) ? tools : List.of();
  }

  private ToolDefinition tool(Fields tool) {
    String type = tool.stringOrNull("type", 1, 64);
    if (type != null && !type.equals("custom")) {
      throw Fields.unsupported(
          tool.path("type") + " must be custom: this server runs no tools of its own.");
    }
    if (tool.bool("strict", false)) {
      throw Fields.unsupported(tool.path("strict") + " is not supported by this server.");
    }
    cacheControl |= MessagesReader.cacheControl(tool);
    String name = RequestFields.toolName(tool, "name", MAX_NAME);
    String description = tool.stringOrNull("description", 0, limits.maxTextLength());
    Fields schema = tool.objectOrNull("input_schema");
    if (schema == null) {
      throw Fields.invalid(tool.path("custom.input_schema") + ": Field required");
    }
    return new ToolDefinition(
        name, description == null ? "" : description, json.map(schema.node()));
  }

  private static boolean offered(Fields fields) {
    Fields choice = fields.objectOrNull("tool_choice");
    if (choice == null) {
      return true;
    }
    String type = choice.choiceOrNull("type", List.of("auto", "any", "tool", "none"));
    if (type == null) {
      throw Fields.invalid("tool_choice.type: Field required");
    }
    if (choice.bool("disable_parallel_tool_use", false)) {
      throw Fields.unsupported(
          choice.path("disable_parallel_tool_use") + " is not supported by this server.");
    }
    if (type.equals("any") || type.equals("tool")) {
      throw Fields.unsupported("tool_choice is only supported with type auto or none.");
    }
    return type.equals("auto");
  }
}
