package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the toolConfig of a Converse request. */
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
   * @param configured whether there is a toolConfig
   * @param cachePoint whether a cachePoint is among the tools
   */
  record Tools(List<ToolDefinition> definitions, boolean configured, boolean cachePoint) {}

  Tools read(@Nullable Fields config) {
    if (config == null) {
      return new Tools(List.of(), false, false);
    }
    List<Fields> tools = config.objects("tools", limits.maxTools());
    if (tools.isEmpty()) {
      throw config.bad("tools", "must hold at least 1 tool");
    }
    List<ToolDefinition> definitions = new ArrayList<>();
    Set<String> names = new HashSet<>();
    boolean cachePoint = false;
    for (Fields tool : tools) {
      String kind = Unions.TOOL.member(tool);
      switch (kind) {
        case "toolSpec" -> {
          ToolDefinition definition = spec(tool.object(kind));
          if (!names.add(definition.name())) {
            throw tool.object(kind).bad("name", "is used by another tool already");
          }
          definitions.add(definition);
        }
        case "cachePoint" -> {
          Unions.checkCachePoint(tool);
          cachePoint = true;
        }
        default -> throw Unions.unsupported(tool, kind);
      }
    }
    choice(config.objectOrNull("toolChoice"), names);
    return new Tools(definitions, true, cachePoint);
  }

  private ToolDefinition spec(Fields spec) {
    String name = RequestFields.toolName(spec, "name");
    if (spec.bool("strict", false)) {
      throw Unions.unsupported(spec, "strict");
    }
    String description = spec.stringOrNull("description", 1, limits.maxTextLength());
    return new ToolDefinition(
        name, description == null ? "" : description, json.map(schema(spec.object("inputSchema"))));
  }

  private static ObjectNode schema(Fields input) {
    ObjectNode schema = Unions.jsonObject(input, Unions.TOOL_SCHEMA.member(input));
    JsonNode type = schema.get("type");
    if (type != null && !"object".equals(type.textValue())) {
      throw Fields.invalid(
          "The value at %s.type must be one of the following: object."
              .formatted(input.path("json")));
    }
    return schema;
  }

  /** The model itself decides whether it calls a tool; nothing can make it do so yet. */
  private static void choice(@Nullable Fields choice, Set<String> names) {
    if (choice == null) {
      return;
    }
    String kind = Unions.TOOL_CHOICE.member(choice);
    Fields how = choice.object(kind);
    if (kind.equals("tool") && !names.contains(RequestFields.toolName(how, "name"))) {
      throw how.bad("name", "must be that of a tool of this request");
    }
    if (!kind.equals("auto")) {
      throw Unions.unsupported(choice, kind);
    }
  }
}
