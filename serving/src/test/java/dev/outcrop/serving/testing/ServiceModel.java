package dev.outcrop.serving.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URLEncoder;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The shapes of a service as its model (service-2.json of the AWS SDKs) defines them. */
public final class ServiceModel {
  private final JsonNode model;

  private ServiceModel(JsonNode model) {
    this.model = model;
  }

  /** The model of the operations that generate. */
  public static ServiceModel runtime() throws IOException {
    return read("bedrock-runtime-service-2.json");
  }

  /** The model of the operations around them. */
  public static ServiceModel control() throws IOException {
    return read("bedrock-service-2.json");
  }

  private static ServiceModel read(String file) throws IOException {
    return new ServiceModel(new ObjectMapper().readTree(PublishedBedrock.file(file).toFile()));
  }

  public JsonNode operation(String name) {
    return model.at("/operations/" + name);
  }

  public JsonNode shape(String name) {
    JsonNode shape = model.get("shapes").get(name);
    if (shape == null) {
      throw new IllegalArgumentException("no shape " + name);
    }
    return shape;
  }

  /** The members of a structure that its body carries, by their names there, with their shapes. */
  public Map<String, String> members(String structure) {
    Map<String, String> members = new TreeMap<>();
    shape(structure)
        .get("members")
        .properties()
        .forEach(
            entry -> {
              if (!entry.getValue().has("location")) {
                String name = entry.getValue().path("locationName").asText(entry.getKey());
                members.put(name, entry.getValue().get("shape").textValue());
              }
            });
    return members;
  }

  /** The members that have to be there. */
  public Set<String> required(String structure) {
    Set<String> required = new LinkedHashSet<>();
    shape(structure).path("required").forEach(name -> required.add(name.textValue()));
    required.retainAll(members(structure).keySet());
    return required;
  }

  /** Queries that break a request's shape, each in one parameter. */
  public List<String> wrongQueries(String request) {
    List<String> queries = new ArrayList<>();
    parameters(request)
        .forEach(
            (name, shape) -> {
              List<String> wrong =
                  switch (shape.get("type").textValue()) {
                    case "integer" ->
                        List.of(
                            "x",
                            String.valueOf(shape.get("min").longValue() - 1),
                            String.valueOf(shape.get("max").longValue() + 1));
                    case "timestamp" -> List.of("x");
                    case "boolean" -> List.of();
                    default -> Mutations.wrongTexts(this, shape);
                  };
              wrong.forEach(text -> queries.add("?" + name + "=" + URLEncoder.encode(text, UTF_8)));
            });
    return queries;
  }

  /** Queries with each choice that a request's shape has, each in one parameter. */
  public List<String> rightQueries(String request) {
    List<String> queries = new ArrayList<>();
    parameters(request)
        .forEach(
            (name, shape) ->
                choices(shape).forEach(choice -> queries.add("?" + name + "=" + choice)));
    return queries;
  }

  private Map<String, JsonNode> parameters(String request) {
    Map<String, JsonNode> parameters = new TreeMap<>();
    for (JsonNode member : shape(request).get("members")) {
      if (member.path("location").asText().equals("querystring")) {
        parameters.put(
            member.get("locationName").textValue(), shape(member.get("shape").textValue()));
      }
    }
    return parameters;
  }

  /** The texts that a string may be; empty for any. */
  public List<String> choices(JsonNode string) {
    List<String> choices = new ArrayList<>();
    string.path("enum").forEach(choice -> choices.add(choice.textValue()));
    return choices;
  }

  /** What is wrong with a value: nothing, where it is as the model says and has no other member. */
  public List<String> problems(String shapeName, JsonNode value) {
    List<String> problems = new ArrayList<>();
    check(shapeName, value, shapeName, problems);
    return problems;
  }

  private void check(String name, JsonNode value, String path, List<String> problems) {
    JsonNode shape = shape(name);
    switch (shape.get("type").textValue()) {
      case "structure" -> structure(name, shape, value, path, problems);
      case "list" -> {
        if (expect(value.isArray(), path + " is no array", problems)) {
          range(shape, value.size(), path, problems);
          String item = shape.at("/member/shape").textValue();
          for (int i = 0; i < value.size(); i++) {
            check(item, value.get(i), path + "." + i, problems);
          }
        }
      }
      case "map" -> {
        if (expect(value.isObject(), path + " is no map", problems)) {
          range(shape, value.size(), path, problems);
          String item = shape.at("/value/shape").textValue();
          value
              .properties()
              .forEach(e -> check(item, e.getValue(), path + "." + e.getKey(), problems));
        }
      }
      case "string" -> {
        if (expect(value.isTextual(), path + " is no string", problems)) {
          string(shape, value.textValue(), path, problems);
        }
      }
      case "blob" -> {
        expect(value.isTextual() && base64(value.textValue()), path + " is no base64", problems);
      }
      case "integer", "long" -> {
        if (expect(value.isIntegralNumber(), path + " is no integer", problems)) {
          range(shape, value.longValue(), path, problems);
        }
      }
      case "float", "double" -> expect(value.isNumber(), path + " is no number", problems);
      case "timestamp" -> {
        boolean iso = shape.path("timestampFormat").asText().equals("iso8601");
        expect(
            iso ? value.isTextual() && instant(value.textValue()) : value.isNumber(),
            path + " is no timestamp",
            problems);
      }
      case "boolean" -> expect(value.isBoolean(), path + " is no boolean", problems);
      default -> problems.add(path + " is of a type that this test does not know");
    }
  }

  private void structure(
      String name, JsonNode shape, JsonNode value, String path, List<String> problems) {
    if (shape.path("document").asBoolean()
        || !expect(value.isObject(), path + " is no object", problems)) {
      return;
    }
    Map<String, String> members = members(name);
    for (String required : required(name)) {
      expect(value.has(required), path + " lacks " + required, problems);
    }
    if (shape.path("union").asBoolean()) {
      expect(value.size() == 1, path + " is a union of " + value.size() + " members", problems);
    }
    value
        .properties()
        .forEach(
            entry -> {
              String member = members.get(entry.getKey());
              String at = path + "." + entry.getKey();
              if (expect(member != null, at + " is not modelled", problems)) {
                check(member, entry.getValue(), at, problems);
              }
            });
  }

  private void string(JsonNode shape, String value, String path, List<String> problems) {
    List<String> choices = choices(shape);
    expect(choices.isEmpty() || choices.contains(value), path + " is none of the enum", problems);
    range(shape, value.length(), path, problems);
    String pattern = shape.path("pattern").asText(".*");
    expect(
        java.util.regex.Pattern.compile(pattern, java.util.regex.Pattern.DOTALL)
            .matcher(value)
            .matches(),
        path + " does not match " + pattern,
        problems);
  }

  private static void range(JsonNode shape, long size, String path, List<String> problems) {
    expect(!shape.has("min") || size >= shape.get("min").longValue(), path + " < min", problems);
    expect(!shape.has("max") || size <= shape.get("max").longValue(), path + " > max", problems);
  }

  private static boolean instant(String text) {
    try {
      return Instant.parse(text).isAfter(Instant.EPOCH);
    } catch (DateTimeParseException e) {
      return false;
    }
  }

  private static boolean base64(String text) {
    try {
      Base64.getDecoder().decode(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean expect(boolean holds, String problem, List<String> problems) {
    if (!holds) {
      problems.add(problem);
    }
    return holds;
  }
}
