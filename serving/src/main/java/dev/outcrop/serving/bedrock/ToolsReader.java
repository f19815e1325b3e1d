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
    choice(config.objectOrNull("toolChoice"));
    return new Tools(definitions, true, cachePoint);
  }

  private ToolDefinition spec(Fields spec) {
    String name = RequestFields.toolName(spec, "name");
    if (spec.bool("strict", false)) {
      throw Fields.unsupported(spec.path("strict") + " is not supported by this server.");
    }
    String description = spec.stringOrNull("description", 1, limits.maxTextLength());
    JsonNode schema = spec.object("inputSchema").raw("json");
    if (!(schema instanceof ObjectNode object)) {
      throw spec.object("inputSchema").bad("json", "must be an object");
    }
    return new ToolDefinition(name, description == null ? "" : description, json.map(object));
  }

  private static void choice(@Nullable Fields choice) {
    if (choice == null) {
      return;
    }
    String kind = Unions.TOOL_CHOICE.member(choice);
    choice.object(kind);
    if (!kind.equals("auto")) {
      throw Fields.unsupported(
          choice.path(kind)
              + " is not supported by this server; leave toolChoice out or use auto.");
    }
  }
}
