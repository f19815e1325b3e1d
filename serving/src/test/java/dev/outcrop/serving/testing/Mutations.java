package dev.outcrop.serving.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NumericNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * From one good request, the requests that a service model says are bad, and some that it says are
 * good all the same. Walks the request along its shape.
 */
public final class Mutations {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final int LONGEST = 10_000;

  private final ServiceModel model;
  private final JsonNode good;
  private final List<Mutation> all = new ArrayList<>();
  private final Set<String> seen = new TreeSet<>();

  /** What a server has to say to a request. */
  public enum Verdict {
    /** It breaks the model. */
    BAD,
    /** It has members that the model does not know, which are ignored. */
    GOOD,
    /** It is as the model says and uses what the good request does not. */
    OTHER
  }

  /**
   * A request that differs in one place.
   *
   * @param name what is different, and where
   * @param member the member that it is about
   */
  public record Mutation(String name, String member, Verdict verdict, JsonNode request) {
    @Override
    public String toString() {
      return name;
    }
  }

  private Mutations(ServiceModel model, JsonNode good) {
    this.model = model;
    this.good = good;
  }

  /**
   * All the mutations of a request.
   *
   * @param ignored members, as SHAPE.MEMBER, that are not looked into
   */
  public static List<Mutation> of(
      ServiceModel model, String shape, JsonNode good, Set<String> ignored) {
    Mutations mutations = new Mutations(model, good);
    mutations.walk(shape, good, "", shape, ignored);
    mutations.others(shape, good, "", ignored);
    return mutations.all;
  }

  private void walk(String shape, JsonNode value, String at, String member, Set<String> ignored) {
    JsonNode definition = model.shape(shape);
    switch (definition.get("type").textValue()) {
      case "structure" -> structure(shape, definition, value, at, member, ignored);
      case "list" -> {
        bad("no array", at, member, NODES.objectNode());
        sizes(definition, value, at, member);
        for (int i = 0; i < value.size(); i++) {
          walk(
              definition.at("/member/shape").textValue(),
              value.get(i),
              at + "/" + i,
              member,
              ignored);
        }
      }
      case "map" -> map(definition, value, at, member);
      case "string" -> string(definition, at, member);
      case "blob" -> {
        bad("no string", at, member, IntNode.valueOf(5));
        bad("no base64", at, member, TextNode.valueOf("%%%"));
      }
      case "integer", "long", "float", "double" -> number(definition, at, member);
      case "boolean" -> bad("no boolean", at, member, TextNode.valueOf("true"));
      default -> throw new IllegalStateException(shape + " is of an unknown type");
    }
  }

  private void structure(
      String shape,
      JsonNode definition,
      JsonNode value,
      String at,
      String member,
      Set<String> ignored) {
    if (definition.path("document").asBoolean()) {
      return;
    }
    if (!at.isEmpty()) {
      bad("no object", at, member, IntNode.valueOf(5));
    }
    change("unknown member", at, member, Verdict.GOOD, o -> o.putObject("zzFuture").put("a", 1));
    for (String required : model.required(shape)) {
      change("lacks " + required, at, required, Verdict.BAD, o -> o.remove(required));
    }
    if (definition.path("union").asBoolean()) {
      bad("empty union", at, member, NODES.objectNode());
      String second =
          model.members(shape).keySet().stream().filter(m -> !value.has(m)).findFirst().orElse("");
      if (!second.isEmpty()) {
        change("two members", at, member, Verdict.BAD, o -> o.putObject(second));
      }
    }
    for (Map.Entry<String, String> entry : model.members(shape).entrySet()) {
      String name = entry.getKey();
      if (value.has(name)) {
        seen.add(shape + "." + name);
        if (!ignored.contains(shape + "." + name)) {
          walk(entry.getValue(), value.get(name), at + "/" + name, name, ignored);
        }
      }
    }
  }

  private void map(JsonNode definition, JsonNode value, String at, String member) {
    bad("no object", at, member, IntNode.valueOf(5));
    JsonNode key = model.shape(definition.at("/key/shape").textValue());
    JsonNode item = model.shape(definition.at("/value/shape").textValue());
    String some = value.fieldNames().next();
    for (String wrong : wrongTexts(model, key)) {
      bad("bad key", at, member, NODES.objectNode().put(wrong, value.get(some).textValue()));
    }
    string(item, at + "/" + some, member);
    if (definition.path("min").asInt() > 0) {
      bad("too few", at, member, NODES.objectNode());
    }
    if (definition.has("max")) {
      ObjectNode many = NODES.objectNode();
      for (int i = 0; i <= definition.get("max").intValue(); i++) {
        many.set("k" + i, value.get(some));
      }
      bad("too many", at, member, many);
    }
  }

  private void sizes(JsonNode definition, JsonNode value, String at, String member) {
    if (definition.path("min").asInt() > 0) {
      bad("too few", at, member, NODES.arrayNode());
    }
    int max = definition.path("max").asInt(LONGEST);
    if (max < LONGEST) {
      ArrayNode many = NODES.arrayNode();
      for (int i = 0; i <= max; i++) {
        many.add(value.get(0));
      }
      bad("too many", at, member, many);
    }
  }

  private void string(JsonNode definition, String at, String member) {
    bad("no string", at, member, IntNode.valueOf(5));
    for (String wrong : wrongTexts(model, definition)) {
      bad("bad text of " + wrong.length(), at, member, TextNode.valueOf(wrong));
    }
  }

  /** Texts that a string's definition does not allow. */
  public static List<String> wrongTexts(ServiceModel model, JsonNode definition) {
    List<String> wrong = new ArrayList<>();
    if (!model.choices(definition).isEmpty()) {
      wrong.add("zz-none");
      return wrong;
    }
    if (definition.path("min").asInt() > 0) {
      wrong.add("a".repeat(definition.get("min").intValue() - 1));
    }
    int max = definition.path("max").asInt(LONGEST);
    if (max < LONGEST) {
      wrong.add("a".repeat(max + 1));
    }
    if (definition.has("pattern")) {
      wrong.add("a{\u00e9}");
    }
    return wrong;
  }

  private void number(JsonNode definition, String at, String member) {
    bad("no number", at, member, TextNode.valueOf("1"));
    boolean whole = List.of("integer", "long").contains(definition.get("type").textValue());
    if (whole) {
      bad("a fraction", at, member, NODES.numberNode(1.5));
    }
    if (definition.has("min")) {
      bad("too small", at, member, beyond(definition.get("min").longValue() - 1, whole));
    }
    if (definition.has("max")) {
      bad("too large", at, member, beyond(definition.get("max").longValue() + 1, whole));
    }
  }

  private static NumericNode beyond(long limit, boolean whole) {
    return whole ? NODES.numberNode(limit) : NODES.numberNode((double) limit);
  }

  /** Members that the model has and the good request does not: with each, once per shape. */
  private void others(String shape, JsonNode value, String at, Set<String> ignored) {
    JsonNode definition = model.shape(shape);
    switch (definition.get("type").textValue()) {
      case "list" -> {
        for (int i = 0; i < value.size(); i++) {
          others(definition.at("/member/shape").textValue(), value.get(i), at + "/" + i, ignored);
        }
      }
      case "structure" -> {
        boolean union = definition.path("union").asBoolean();
        for (Map.Entry<String, String> entry : model.members(shape).entrySet()) {
          String name = entry.getKey();
          String full = shape + "." + name;
          if (value.has(name) && !ignored.contains(full)) {
            others(entry.getValue(), value.get(name), at + "/" + name, ignored);
          } else if (!value.has(name) && !ignored.contains(full) && seen.add(full)) {
            JsonNode made = made(entry.getValue(), 0);
            change(
                full,
                at,
                name,
                Verdict.OTHER,
                o -> {
                  if (union) {
                    o.removeAll();
                  }
                  o.set(name, made);
                });
          }
        }
      }
      default -> {}
    }
  }

  /** A value of a shape, as small as it may be. */
  private JsonNode made(String shape, int depth) {
    JsonNode definition = model.shape(shape);
    return switch (definition.get("type").textValue()) {
      case "structure" -> {
        ObjectNode object = NODES.objectNode();
        Map<String, String> members = model.members(shape);
        Set<String> names = new TreeSet<>(model.required(shape));
        if (definition.path("union").asBoolean() && depth < 8) {
          names.add(members.keySet().iterator().next());
        }
        names.forEach(name -> object.set(name, made(members.get(name), depth + 1)));
        yield object;
      }
      case "list" -> NODES.arrayNode().add(made(definition.at("/member/shape").textValue(), depth));
      case "map" ->
          NODES.objectNode().set("a", made(definition.at("/value/shape").textValue(), depth));
      case "string" ->
          TextNode.valueOf(
              model.choices(definition).isEmpty()
                  ? "a".repeat(Math.max(1, definition.path("min").asInt()))
                  : model.choices(definition).getFirst());
      case "blob" -> TextNode.valueOf("aGk=");
      case "boolean" -> NODES.booleanNode(true);
      default -> IntNode.valueOf(Math.max(1, definition.path("min").asInt()));
    };
  }

  private void bad(String what, String at, String member, JsonNode value) {
    int slash = at.lastIndexOf('/');
    String name = at.substring(slash + 1);
    JsonNode copy = good.deepCopy();
    switch (copy.at(at.substring(0, slash))) {
      case ObjectNode parent -> parent.set(name, value);
      case ArrayNode parent -> parent.set(Integer.parseInt(name), value);
      default -> throw new IllegalStateException(at + " has no parent");
    }
    all.add(new Mutation(at + ": " + what, member, Verdict.BAD, copy));
  }

  private void change(
      String what, String at, String member, Verdict verdict, Consumer<ObjectNode> edit) {
    JsonNode copy = good.deepCopy();
    edit.accept((ObjectNode) copy.at(at));
    all.add(new Mutation(at + ": " + what, member, verdict, copy));
  }
}
