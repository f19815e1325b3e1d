package dev.outcrop.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Checks custom resources against the schemas that their projects publish. A structural schema
 * prunes a field that it does not name, without a word; here that is a finding.
 */
final class CustomResources {
  private static final Path SCHEMAS = Path.of("src/test/resources/third_party/crds");
  private static final List<String> MEANINGLESS_HERE =
      List.of(
          "x-kubernetes-int-or-string",
          "x-kubernetes-list-map-keys",
          "x-kubernetes-list-type",
          "x-kubernetes-map-type",
          "x-kubernetes-preserve-unknown-fields");
  private static final Map<String, Schema> READ = new ConcurrentHashMap<>();
  private static final SchemaRegistry DIALECT =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  private CustomResources() {}

  static List<String> findings(JsonNode resource) {
    String file =
        resource.path("apiVersion").asText().replace('/', '_')
            + "_"
            + resource.path("kind").asText()
            + ".json";
    if (!Files.exists(SCHEMAS.resolve(file))) {
      return List.of("no schema " + file + " to check it with");
    }
    return READ.computeIfAbsent(file, CustomResources::read).validate(resource).stream()
        .map(error -> error.getInstanceLocation() + ": " + error.getMessage())
        .toList();
  }

  private static Schema read(String file) {
    try {
      ObjectNode schema = (ObjectNode) new ObjectMapper().readTree(SCHEMAS.resolve(file).toFile());
      ObjectNode metadata = (ObjectNode) schema.path("properties").path("metadata");
      close(schema);
      metadata.remove("additionalProperties");
      return DIALECT.getSchema(schema);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void close(JsonNode schema) {
    if (schema instanceof ObjectNode object
        && object.path("properties").isObject()
        && !object.has("additionalProperties")
        && !object.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
      object.put("additionalProperties", false);
    }
    if (schema instanceof ObjectNode object) {
      object.remove(MEANINGLESS_HERE);
    }
    for (String keyword : List.of("properties", "patternProperties")) {
      schema.path(keyword).forEach(CustomResources::close);
    }
    for (String keyword : List.of("items", "additionalProperties")) {
      if (schema.path(keyword).isObject()) {
        close(schema.get(keyword));
      }
    }
  }
}
