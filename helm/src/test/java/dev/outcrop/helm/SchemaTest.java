package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds values.schema.json and values.yaml to each other. */
class SchemaTest {
  private static final Path VALUES = Chart.FOLDER.resolve("values.yaml");
  private static final JsonNode SCHEMA = read(Chart.FOLDER.resolve("values.schema.json"));

  /** Maps whose keys are others': Kubernetes', the server's, or the reader's own. */
  private static final Set<String> OPEN =
      Set.of("global", "commonLabels", "server", "modelDefaults.config", "modelDefaults.server");

  private static JsonNode read(Path file) {
    try {
      return Chart.YAML.readTree(file.toFile());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static JsonNode resolved(JsonNode schema) {
    JsonNode reference = schema.path("$ref");
    return reference.isMissingNode()
        ? schema
        : resolved(SCHEMA.at(reference.asText().substring(1)));
  }

  @Test
  void namesEveryValueAndNoOther() {
    Set<String> inSchema = new TreeSet<>();
    Set<String> inValues = new TreeSet<>();
    schemaKeys(SCHEMA, "", inSchema);
    valueKeys(read(VALUES), resolved(SCHEMA), "", inValues);

    assertThat(inSchema).hasSizeGreaterThan(150).containsExactlyInAnyOrderElementsOf(inValues);
  }

  private static void schemaKeys(JsonNode schema, String path, Set<String> keys) {
    resolved(schema)
        .path("properties")
        .properties()
        .forEach(
            entry -> {
              String key = path + entry.getKey();
              keys.add(key);
              if (!OPEN.contains(key) && !alternatives(entry.getValue())) {
                schemaKeys(entry.getValue(), key + ".", keys);
              }
            });
  }

  /** A map of which one key is given, so that values.yaml can give none. */
  private static boolean alternatives(JsonNode schema) {
    return Set.of("#/$defs/source", "#/$defs/place").contains(schema.path("$ref").asText());
  }

  private static void valueKeys(JsonNode values, JsonNode schema, String path, Set<String> keys) {
    values
        .properties()
        .forEach(
            entry -> {
              String key = path + entry.getKey();
              keys.add(key);
              JsonNode inner = resolved(schema.path("properties").path(entry.getKey()));
              if (entry.getValue().isObject() && inner.has("properties") && !OPEN.contains(key)) {
                valueKeys(entry.getValue(), inner, key + ".", keys);
              }
            });
  }

  @Test
  void letsAModelSayWhatTheDefaultsSayAndItsNameAndId() {
    Set<String> model = names(resolved(SCHEMA.at("/properties/models/items")).get("properties"));

    model.removeAll(Set.of("name", "id"));
    assertThat(model).isEqualTo(names(read(VALUES).get("modelDefaults")));
  }

  private static Set<String> names(JsonNode map) {
    Set<String> names = new TreeSet<>();
    map.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void closesEveryMapOfItsOwn() {
    List<String> open = new ArrayList<>();
    open(SCHEMA, "", open);

    assertThat(open).containsExactlyInAnyOrder("/$defs/listener", "/$defs/server");
  }

  private static void open(JsonNode schema, String path, List<String> found) {
    if (schema.path("properties").isObject()
        && schema.path("type").asText().equals("object")
        && schema.path("additionalProperties").asBoolean(true)) {
      found.add(path);
    }
    if (schema.isObject()) {
      schema
          .properties()
          .forEach(entry -> open(entry.getValue(), path + "/" + entry.getKey(), found));
    } else {
      schema.forEach(inner -> open(inner, path + "/0", found));
    }
  }

  @Test
  void refersToNothingOutsideAndToEveryDefinition() {
    List<String> references = SCHEMA.findValuesAsText("$ref");

    assertThat(references)
        .allSatisfy(
            reference -> {
              assertThat(reference).startsWith("#/");
              assertThat(SCHEMA.at(reference.substring(1)).isMissingNode()).as(reference).isFalse();
            });
    SCHEMA
        .get("$defs")
        .fieldNames()
        .forEachRemaining(
            name ->
                assertThat(references)
                    .as(name)
                    .anyMatch(reference -> reference.startsWith("#/$defs/" + name)));
  }

  @Test
  void takesTheDefaults() {
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(SCHEMA);

    assertThat(schema.validate(read(VALUES))).isEmpty();
  }

  static List<String> maps() {
    Set<String> keys = new TreeSet<>();
    schemaKeys(SCHEMA, "", keys);
    List<String> maps = new ArrayList<>(List.of(""));
    for (String key : keys) {
      JsonNode value = read(VALUES).at("/" + key.replace('.', '/'));
      if (value.isObject() && keys.stream().anyMatch(other -> other.startsWith(key + "."))) {
        maps.add(key);
      }
    }
    return maps;
  }

  @ParameterizedTest
  @MethodSource("maps")
  void refusesAKeyThatNobodyReads(String map) {
    ObjectNode values = Chart.YAML.createObjectNode();
    ObjectNode inner = values;
    for (String step : map.isEmpty() ? List.<String>of() : List.of(map.split("\\."))) {
      inner = inner.putObject(step);
    }
    inner.put("misspelled", 1);

    if (!OPEN.contains(map)) {
      assertThatThrownBy(() -> Chart.renderWith(values.toString()))
          .hasMessageContaining("misspelled");
    }
  }

  @Test
  void refusesAKeyOfAModelThatNobodyReads() throws IOException {
    ObjectNode values = (ObjectNode) Chart.YAML.readTree(Chart.MINIMAL.toFile());
    JsonNode models = values.get("models");
    assertThat(StreamSupport.stream(models.spliterator(), false)).isNotEmpty();
    ((ObjectNode) models.get(0)).put("misspelled", 1);

    assertThatThrownBy(() -> Chart.render(Chart.file(values))).hasMessageContaining("misspelled");
  }
}
