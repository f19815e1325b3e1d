package dev.outcrop.serving.anthropic;

import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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

  /**
   * The tools of a request.
   *
   * @param calls what calls have to look like, or null
   * @param oneCall whether there may be one call alone
   */
  record Tools(
      List<ToolDefinition> definitions, Constraint.@Nullable ToolCall calls, boolean oneCall) {}

  Tools read(Fields fields) {
    List<ToolDefinition> tools = new ArrayList<>();
    List<Constraint.Tool> described = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Fields tool : fields.objects("tools", limits.maxTools())) {
      tools.add(tool(tool, described));
      if (!names.add(tools.getLast().name())) {
        throw Fields.invalid("tools: Tool names must be unique.");
      }
    }
    Fields choice = fields.objectOrNull("tool_choice");
    boolean oneCall = choice != null && choice.bool("disable_parallel_tool_use", false);
    return switch (choice == null ? "auto" : type(choice)) {
      case "none" -> new Tools(List.of(), null, false);
      case "any" -> new Tools(tools, required(described), oneCall);
      case "tool" -> new Tools(tools, required(named(choice, described)), oneCall);
      default -> new Tools(tools, Constraint.ToolCall.whereStrict(described), oneCall);
    };
  }

  private ToolDefinition tool(Fields tool, List<Constraint.Tool> described) {
    String type = tool.stringOrNull("type", 1, 64);
    if (type != null && !type.equals("custom")) {
      throw Fields.unsupported(
          tool.path("type") + " must be custom: this server runs no tools of its own.");
    }
    cacheControl |= MessagesReader.cacheControl(tool);
    String name = RequestFields.toolName(tool, "name", MAX_NAME);
    String description = tool.stringOrNull("description", 0, limits.maxTextLength());
    Fields schema = tool.objectOrNull("input_schema");
    if (schema == null) {
      throw Fields.invalid(tool.path("custom.input_schema") + ": Field required");
    }
    described.add(new Constraint.Tool(name, schema.node().toString(), tool.bool("strict", false)));
    return new ToolDefinition(
        name, description == null ? "" : description, json.map(schema.node()));
  }

  private static String type(Fields choice) {
    String type = choice.choiceOrNull("type", List.of("auto", "any", "tool", "none"));
    if (type == null) {
      throw Fields.invalid("tool_choice.type: Field required");
    }
    return type;
  }

  private static List<Constraint.Tool> named(
      @Nullable Fields choice, List<Constraint.Tool> described) {
    String name = choice == null ? null : choice.stringOrNull("name", 1, MAX_NAME);
    if (name == null) {
      throw Fields.invalid("tool_choice.tool.name: Field required");
    }
    return described.stream().filter(tool -> tool.name().equals(name)).toList();
  }

  private static Constraint.ToolCall required(List<Constraint.Tool> tools) {
    if (tools.isEmpty()) {
      throw Fields.invalid("tool_choice: there is no such tool among the `tools` of the request");
    }
    return new Constraint.ToolCall(true, tools);
  }
}
