package dev.outcrop.bench.scenario;

import java.util.Map;

/**
 * A tool that a request offers.
 *
 * @param schema the JSON Schema of its input
 */
public record Tool(String name, String description, Map<String, Object> schema) {}
