package dev.outcrop.models.text;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tool that the model may call.
 *
 * @param name the tool's name
 * @param description what it does, empty where the caller gave none
 * @param parameters its JSON Schema as maps, lists, strings, numbers, booleans and nulls, in the
 *     caller's key order
 */
public record ToolDefinition(
    String name, String description, Map<String, @Nullable Object> parameters) {}
