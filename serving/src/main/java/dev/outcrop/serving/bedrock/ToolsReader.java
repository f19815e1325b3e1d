package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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

/** Reads the toolConfig of a Converse request. */
final class ToolsReader {
  private final Json json;
  private final LimitsConfig limits;
  private final CachePoints cachePoints;

  ToolsReader(Json json, LimitsConfig limits, CachePoints cachePoints) {
    this.json = json;
    this.limits = limits;
    this.cachePoints = cachePoints;
  }

  /**
   * The tools of a request.
   *
   * @param configured whether there is a toolConfig
   * @param calls what calls have to look like, or null
   */
  record Tools(
      List<ToolDefinition> definitions, boolean configured, Constraint.@Nullable ToolCall calls) {}

  Tools read(@Nullable Fields config) {
    if (config == null) {
      return new Tools(List.of(), false, null);
    }
    List<Fields> tools = config.objects("tools", limits.maxTools());
    if (tools.isEmpty()) {
      throw config.bad("tools", "must hold at least 1 tool");
    }
    List<ToolDefinition> definitions = new ArrayList<>();
    List<Constraint.Tool> described = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Fields tool : tools) {
      String kind = Unions.TOOL.member(tool);
      switch (kind) {
        case "toolSpec" -> {
          ToolDefinition definition = spec(tool.object(kind), described);
          if (!names.add(definition.name())) {
            throw tool.object(kind).bad("name", "is used by another tool already");
          }
          definitions.add(definition);
        }
        case "cachePoint" -> cachePoints.add(tool);
        default -> throw Unions.unsupported(tool, kind);
      }
    }
    Constraint.ToolCall calls = choice(config.objectOrNull("toolChoice"), names, described);
    return new Tools(definitions, true, calls);
  }

  private ToolDefinition spec(Fields spec, List<Constraint.Tool> described) {
    String name = RequestFields.toolName(spec, "name");
    String description = spec.stringOrNull("description", 1, limits.maxTextLength());
    ObjectNode schema = schema(spec.object("inputSchema"));
    described.add(new Constraint.Tool(name, schema.toString(), spec.bool("strict", false)));
    return new ToolDefinition(name, description == null ? "" : description, json.map(schema));
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

  private static Constraint.@Nullable ToolCall choice(
      @Nullable Fields choice, Set<String> names, List<Constraint.Tool> described) {
    if (choice == null) {
      return Constraint.ToolCall.whereStrict(described);
    }
    String kind = Unions.TOOL_CHOICE.member(choice);
    Fields how = choice.object(kind);
    if (kind.equals("tool") && !names.contains(RequestFields.toolName(how, "name"))) {
      throw how.bad("name", "must be that of a tool of this request");
    }
    return switch (kind) {
      case "any" -> new Constraint.ToolCall(true, described);
      case "tool" -> {
        String name = how.string("name", 1, 64);
        yield new Constraint.ToolCall(
            true, described.stream().filter(tool -> tool.name().equals(name)).toList());
      }
      default -> Constraint.ToolCall.whereStrict(described);
    };
  }
}
