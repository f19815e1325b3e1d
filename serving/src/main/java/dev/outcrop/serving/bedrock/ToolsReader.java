package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the toolConfig of a Converse request. */
final class ToolsReader {
  static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

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
      if (tool.has("toolSpec")) {
        ToolDefinition definition = spec(tool.object("toolSpec"));
        if (!names.add(definition.name())) {
          throw tool.object("toolSpec").bad("name", "is used by another tool already");
        }
        definitions.add(definition);
      } else if (tool.has("cachePoint")) {
        cachePoint = true;
      } else {
        throw Fields.unsupported(tool.path() + " must be a toolSpec or a cachePoint");
      }
    }
    choice(config.objectOrNull("toolChoice"));
    return new Tools(definitions, true, cachePoint);
  }

  private ToolDefinition spec(Fields spec) {
    String name = spec.string("name", 1, 64);
    if (!NAME.matcher(name).matches()) {
      throw spec.bad("name", "must match " + NAME);
    }
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
    if (choice == null || choice.has("auto")) {
      return;
    }
    for (String kind : List.of("any", "tool")) {
      if (choice.has(kind)) {
        throw Fields.unsupported(
            choice.path(kind)
                + " is not supported by this server; leave toolChoice out or use auto.");
      }
    }
    throw Fields.invalid(choice.path() + " must be one of auto, any and tool");
  }
}
